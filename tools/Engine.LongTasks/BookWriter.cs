namespace Engine.LongTasks;

/// <summary>A book of short chapters, a person in each: facts, events that occur again and again, passwords, and
/// between them sentences that answer nothing.</summary>
internal sealed class BookWriter
{
    private const int Chapters = 12, Passwords = 24, WrongChoices = 5;

    /// <summary>How often the four animals of a scene do the same, of which the first is asked for.</summary>
    private static readonly int[] Frequencies = [8, 4, 2, 2];

    private static readonly string[] Scenes =
    [
        "crossed the bridge", "slept in the barn", "drank from the fountain", "sat under the oak",
        "hid behind the wall", "ran across the meadow", "looked over the fence", "waited at the gate",
        "swam in the lake", "walked along the road", "stood in the church", "came out of the wood",
    ];

    private readonly DocumentPlan plan;
    private readonly Draw draw;
    private readonly Filler filler;
    private readonly List<Chapter> chapters = [];
    private readonly List<Question> questions = [];

    private BookWriter(DocumentPlan plan)
    {
        this.plan = plan;
        draw = new Draw(plan.Seed);
        filler = new Filler(draw, plan.Prose);
    }

    /// <summary>A book and its questions.</summary>
    public static LongDocument Write(DocumentPlan plan) => new BookWriter(plan).Write();

    private LongDocument Write()
    {
        int count = plan.Scaled(Chapters);
        string[] names = draw.Some(WordBank.Names, Math.Min(count, WordBank.Names.Length));
        string[] titles = draw.Some(Pairs(WordBank.Materials), names.Length);
        for (int i = 0; i < names.Length; i++) chapters.Add(new Chapter(i + 1, titles[i], names[i], draw));
        AskFacts();
        AskSummaries();
        AddScenes();
        AddPasswords();
        FillUp();
        return new LongDocument(string.Concat(chapters.Select(chapter => chapter.Text)), questions);
    }

    private static string[] Pairs(string[] qualities) =>
        [.. from quality in qualities from thing in WordBank.Things select $"{quality} {thing}"];

    private void AskFacts()
    {
        Chapter[] order = draw.Shuffled(chapters);
        for (int i = 0; i < plan.Questions; i++)
        {
            Chapter about = order[i % order.Length];
            int fact = (i + i / order.Length) % about.Facts.Length;
            (string ask, string begin, string value) = about.Facts[fact];
            questions.Add(draw.Choice(TaskKind.Fact, $"\nQuestion: {ask}\nAnswer: {begin}", " " + value,
                chapters.Select(chapter => " " + chapter.Facts[fact].Value), WrongChoices));
        }
    }

    /// <summary>Asks for lines of a table of contents, one of which is given.</summary>
    private void AskSummaries()
    {
        foreach (Chapter about in draw.Some(chapters, Math.Min(plan.Questions, chapters.Count)))
        {
            Chapter example = draw.Shuffled(chapters).FirstOrDefault(other => !other.Shares(about)) ?? chapters[0];
            questions.Add(new Question(TaskKind.Summary,
                $"\nEvery chapter in one sentence.\n{example.Heading}: {example.Summary}\n{about.Heading}:",
                [" " + about.Summary], 0));
        }
    }

    private void AddScenes()
    {
        foreach (string scene in draw.Some(Scenes, Math.Min(plan.Questions, Scenes.Length)))
        {
            string[] animals = draw.Some(WordBank.Animals, Frequencies.Length);
            for (int i = 0; i < animals.Length; i++)
            {
                for (int times = plan.Scaled(Frequencies[i]); times > 0; times--) Plant($"A {animals[i]} {scene}.");
            }

            questions.Add(draw.Choice(TaskKind.Count,
                $"\nQuestion: Which animal {scene} most often?\nAnswer: The animal that {scene} most often was the",
                " " + animals[0], animals.Select(animal => " " + animal), animals.Length));
        }
    }

    private void AddPasswords()
    {
        int count = Math.Min(plan.Scaled(Passwords), WordBank.Secrets.Length);
        string[] keys = draw.Some(Pairs(WordBank.Colours), count), secrets = draw.Some(WordBank.Secrets, count);
        for (int i = 0; i < count; i++) Plant($"The password of the {keys[i]} is {secrets[i]}.");
        foreach (int i in draw.Some(Enumerable.Range(0, count).ToArray(), Math.Min(plan.Questions, count)))
            questions.Add(draw.Choice(TaskKind.Retrieval,
                $"\nQuestion: What is the password of the {keys[i]}?\nAnswer: The password of the {keys[i]} is",
                " " + secrets[i], secrets.Select(secret => " " + secret), WrongChoices));
    }

    private void Plant(string sentence) => draw.From(chapters).Insert(sentence, draw);

    private void FillUp()
    {
        int used = chapters.Sum(chapter => plan.Count(chapter.Text));
        plan.CheckRoom(used);
        while (true)
        {
            string sentence = filler.Next();
            used += plan.Count(" " + sentence);
            if (used > plan.Tokens) return;
            Plant(sentence);
        }
    }

    /// <summary>A person, what is said of him or her, and what else happens.</summary>
    private sealed class Chapter
    {
        private readonly List<string> sentences = [];
        private readonly string[] values;

        public Chapter(int number, string title, string name, Draw draw)
        {
            Heading = $"Chapter {number}, The {title}";
            string trade = draw.From(WordBank.Trades), place = draw.From(WordBank.Places);
            string animal = draw.From(WordBank.Animals), colour = draw.From(WordBank.Colours);
            string[] things = draw.Some(WordBank.Things, 2);
            values = [name, trade, place, .. things];
            Facts =
            [
                ($"What did {name} do for a living?", $"{name} worked as a", trade),
                ($"Where did {name} live?", $"{name} lived in", place),
                ($"Which animal did {name} keep?", $"{name} kept a", animal),
                ($"Which colour was the door of {name}'s house?", $"{name}'s door was", colour),
            ];
            sentences.AddRange([.. Facts.Select(fact => $"{fact.Begin} {fact.Value}."),
                $"One day {name} sold a {things[0]} and bought a {things[1]}."]);
            Summary = $"{name}, a {trade} in {place}, sold a {things[0]} and bought a {things[1]}.";
        }

        public string Heading { get; }

        public string Summary { get; }

        /// <summary>A question, how its answer begins, and the answer.</summary>
        public (string Ask, string Begin, string Value)[] Facts { get; }

        public string Text => $"{Heading}\n{string.Join(' ', sentences)}\n";

        public bool Shares(Chapter other) => values.Intersect(other.values).Any();

        public void Insert(string sentence, Draw draw) => sentences.Insert(draw.Below(sentences.Count + 1), sentence);
    }
}
