namespace Engine.LongTasks;

/// <summary>A book of short chapters, a person in each: facts, events that occur again and again, passwords, and
/// between them sentences that answer nothing.</summary>
internal sealed class BookWriter
{
    private const int Chapters = 12, Passwords = 24, WrongChoices = 5, Examples = 3, Mentions = 2;

    /// <summary>How often the four animals of a scene do the same, of which the first is asked for.</summary>
    private static readonly int[] Frequencies = [10, 2, 2, 2];

    private static readonly string[] Scenes =
    [
        "Across the bridge ran a", "In the barn slept a", "From the fountain drank a", "Under the oak sat a",
        "Behind the wall hid a", "In the meadow stood a", "Over the fence looked a", "At the gate waited a",
        "In the lake swam a", "Along the road walked a", "In the church lay a", "Out of the wood came a",
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
            string Prompt(string name) =>
                $"\nQuestion: {string.Format(null, about.Facts[fact].Ask, name)}\n"
                + $"Answer: {string.Format(null, about.Facts[fact].Begin, name)}";
            questions.Add(draw.Choice(TaskKind.Fact, Prompt(about.Name), Prompt("Somebody"),
                " " + about.Facts[fact].Value, chapters.Select(chapter => " " + chapter.Facts[fact].Value),
                WrongChoices));
        }
    }

    /// <summary>Asks for lines of a table of contents, some of which are given.</summary>
    private void AskSummaries()
    {
        foreach (Chapter about in draw.Some(chapters, Math.Min(plan.Questions, chapters.Count)))
        {
            IEnumerable<Chapter> examples = draw.Shuffled(chapters).Where(other => other != about)
                .OrderBy(other => other.Shared(about)).Take(Examples);
            questions.Add(new Question(TaskKind.Summary, "\nEvery chapter in one sentence.\n"
                + string.Concat(examples.Select(example => $"{example.Heading}: {example.Summary}\n"))
                + $"{about.Heading}:", [" " + about.Summary], 0));
        }
    }

    private void AddScenes()
    {
        foreach (string scene in draw.Some(Scenes, Math.Min(plan.Questions, Scenes.Length)))
        {
            string[] animals = draw.Some(WordBank.Animals, Frequencies.Length);
            for (int i = 0; i < animals.Length; i++)
            {
                for (int times = plan.Scaled(Frequencies[i]); times > 0; times--) Plant($"{scene} {animals[i]}.");
            }

            const string Ask = "\nQuestion: Which animal was there most often?\nAnswer: ";
            questions.Add(draw.Choice(TaskKind.Count, Ask + scene, Ask + "Here was a", " " + animals[0],
                animals.Select(animal => " " + animal), animals.Length));
        }
    }

    private void AddPasswords()
    {
        int count = Math.Min(plan.Scaled(Passwords), WordBank.Secrets.Length);
        string[] keys = draw.Some(Pairs(WordBank.Colours), count), secrets = draw.Some(WordBank.Secrets, count);
        for (int i = 0; i < count * Mentions; i++)
            Plant($"The password of the {keys[i / Mentions]} is {secrets[i / Mentions]}.");
        foreach (int i in draw.Some(Enumerable.Range(0, count).ToArray(), Math.Min(plan.Questions, count)))
            questions.Add(draw.Choice(TaskKind.Retrieval, Ask(keys[i]), Ask("other thing"), " " + secrets[i],
                secrets.Select(secret => " " + secret), WrongChoices));
    }

    private static string Ask(string key) =>
        $"\nQuestion: What is the password of the {key}?\nAnswer: The password of the {key} is";

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
            Name = name;
            Heading = $"Chapter {number}, The {title}";
            string trade = draw.From(WordBank.Trades), place = draw.From(WordBank.Places);
            string animal = draw.From(WordBank.Animals), colour = draw.From(WordBank.Colours);
            string[] things = draw.Some(WordBank.Things, 2);
            values = [name, trade, place, .. things];
            Facts =
            [
                ("What did {0} do for a living?", "{0} worked as a", trade),
                ("Where did {0} live?", "{0} lived in", place),
                ("Which animal did {0} keep?", "{0} kept a", animal),
                ("Which colour was the door of {0}'s house?", "{0}'s door was", colour),
            ];
            IEnumerable<string> facts = Facts.Select(fact => $"{string.Format(null, fact.Begin, name)} {fact.Value}.");
            sentences.AddRange([.. Enumerable.Repeat(facts, Mentions).SelectMany(all => all),
                $"One day {name} sold a {things[0]} and bought a {things[1]}."]);
            Summary = $"{name}, a {trade} in {place}, sold a {things[0]} and bought a {things[1]}.";
        }

        public string Name { get; }

        public string Heading { get; }

        public string Summary { get; }

        /// <summary>A question about <c>{0}</c>, how its answer begins, and the answer.</summary>
        public (string Ask, string Begin, string Value)[] Facts { get; }

        public string Text => $"{Heading}\n{string.Join(' ', sentences)}\n";

        public int Shared(Chapter other) => values.Intersect(other.values).Count();

        /// <summary>Somewhere behind the first sentence, which names the person.</summary>
        public void Insert(string sentence, Draw draw) => sentences.Insert(1 + draw.Below(sentences.Count), sentence);
    }
}
