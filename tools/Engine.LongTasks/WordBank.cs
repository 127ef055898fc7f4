namespace Engine.LongTasks;

/// <summary>Common words by kind; nearly all are one token of most vocabularies.</summary>
internal static class WordBank
{
    public static readonly string[] Names = Split(
        "Martha Tom Edith Walter Clara Henry Alice Peter Rose Simon Ruth Oscar Felix Hugo Emma Victor Jane "
        + "Arthur Lucy Martin Helen Paul Grace Leo Anna David Julia Mark Laura Eric Sarah Frank Kate Adam Maria Philip "
        + "Diana Robert Susan George Linda Charles Nancy Edward Judith Stephen");

    public static readonly string[] Animals = Split(
        "goat horse dog cat pig duck sheep rabbit parrot cow hen mouse fox turtle pony donkey");

    public static readonly string[] Colours = Split("red blue green yellow white black brown purple orange pink grey");

    public static readonly string[] Places = Split(
        "Oxford Dover York Bristol Leeds Bath Derby Durham Lincoln Norwich Plymouth Cambridge Chester Brighton");

    public static readonly string[] Trades = Split(
        "baker miller tailor painter doctor teacher sailor farmer cook lawyer singer carpenter");

    public static readonly string[] Materials = Split(
        "copper silver wooden iron glass paper stone golden velvet leather marble straw");

    public static readonly string[] Things = Split(
        "lantern ladder basket mirror kettle hammer candle carpet barrel drum clock boat wagon ring bell piano");

    public static readonly string[] Buildings = Split(
        "tower library hospital station theatre museum bank hotel prison factory inn shop barracks court");

    public static readonly string[] Goods = Split(
        "bread cheese soup apples honey fish rice wine pears salt nuts cake tea milk eggs beans");

    /// <summary>Passwords and values.</summary>
    public static readonly string[] Secrets = Split(
        "harbor winter thunder market garden shadow river castle forest engine bottle mountain window island pepper "
        + "summer doctor ticket planet dragon hunter butter circle cotton desert eagle finger flower guitar hammer "
        + "jacket kitchen ladder magnet needle ocean palace pocket rocket saddle school silver spider sugar temple "
        + "tiger tunnel valley velvet violin wagon whale wizard yellow");

    /// <summary>Classes of words.</summary>
    public static readonly string[][] Classes =
    [
        Split("oak pine maple willow birch cedar elm ash beech fir palm cherry chestnut walnut hazel poplar"),
        Split("salmon trout shark tuna cod herring carp eel bass pike perch whale dolphin squid crab lobster"),
        Split("hammer saw drill knife axe wrench shovel rake chisel pliers screwdriver scissors nail ladder hoe file"),
        Split("shirt coat hat shoe glove scarf dress skirt jacket sock boot belt sweater jeans cap tie"),
        Split("Paris London Rome Berlin Madrid Tokyo Moscow Vienna Dublin Athens Cairo Boston Chicago Sydney Oslo "
            + "Lisbon"),
        Split("violin piano flute drum guitar trumpet harp cello organ horn banjo clarinet oboe tuba fiddle lute"),
    ];

    /// <summary>Names for classes, which say nothing about them.</summary>
    public static readonly string[] Labels = Split("red blue green white black yellow");

    private static string[] Split(string words) => words.Split(' ');
}
