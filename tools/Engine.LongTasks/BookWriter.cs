namespace Engine.LongTasks;

/// <summary>A book of short chapters, a person in each: facts, events that occur again and again, passwords, and
/// between them sentences that answer nothing.</summary>
internal sealed class BookWriter
{
    /// <summary>What stands before a sentence of the book whose end is asked for. In this form, not as a question, a
    /// small model finds what it read; and the line is long enough not to be evaluated exactly as a few tokens are.
    /// </summary>
    private const string Again = "\nSome of it must not be forgotten, so that it is said here once more.\n";

    /// <summary>Numbers that longer books share: a small model loses one of many in them.</summary>
    private const int Chapters = 8, Passwords = 12, WrongChoices = 5, Examples = 2, Mentions = 3;

    /// <summary>How often the four animals of a scene do the same, of which the first is asked for.</summary>
    private static readonly int[] Frequencies = [10, 1, 1, 1];

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
        string[][] persons = [.. new[]
        {
            WordBank.Names, WordBank.Trades, WordBank.Places, WordBank.Goods, WordBank.Colours,
        }.Select(words => draw.Some(words, Chapters))];
        for (int i = 0; i < Chapters; i++) chapters.Add(new Chapter(i + 1, [.. persons.Select(words => words[i])]));
        AskFacts();
        AskSummaries();
        AddScenes();
        AddPasswords();
        FillUp();
        return new LongDocument(string.Concat(chapters.Select(chapter => chapter.Text)), questions);
    }

    private void AskFacts()
    {
        Chapter[] order = draw.Shuffled(chapters);
        for (int i = 0; i < plan.Questions; i++)
        {
            Chapter about = order[i % order.Length];
            int fact = (i + i / order.Length) % about.Facts.Length;
            string Prompt(string name) => $"{Again}The {string.Format(null, about.Facts[fact].Begin, name)}";
            questions.Add(draw.Choice(TaskKind.Fact, Prompt(about.Name), Prompt("Somebody"),
                " " + about.Facts[fact].Value, chapters.Select(chapter => " " + chapter.Facts[fact].Value),
                WrongChoices));
        }
    }

    /// <summary>Asks for lines of a table of contents, some of which are given. Whoever copies the line of another
    /// chapter is right in none of its words, and wholly if that one is guessed.</summary>
    private void AskSummaries()
    {
        foreach (Chapter about in draw.Some(chapters, Math.Min(plan.Questions, chapters.Count)))
        {
            IEnumerable<Chapter> examples = draw.Shuffled(chapters).Where(other => other != about).Take(Examples);
            questions.Add(new Question(TaskKind.Summary, "\nEvery chapter in one sentence.\n"
                + string.Concat(examples.Select(example => $"{example.Heading}: {example.Summary}\n"))
                + $"{about.Heading}:", [" " + about.Summary], 0, FreeChance: 100.0 / (Chapters - Examples)));
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

            questions.Add(draw.Choice(TaskKind.Count, Again + scene, Again + "Near the mill stayed a",
                " " + animals[0], animals.Select(animal => " " + animal), animals.Length));
        }
    }

    private void AddPasswords()
    {
        string[] keys = draw.Some(WordBank.Buildings, Passwords), secrets = draw.Some(WordBank.Secrets, Passwords);
        for (int i = 0; i < Passwords * Mentions; i++)
            Plant($"The password of the {keys[i / Mentions]} is {secrets[i / Mentions]}.");
        foreach (int i in draw.Some(Enumerable.Range(0, Passwords).ToArray(), Math.Min(plan.Questions, Passwords)))
            questions.Add(draw.Choice(TaskKind.Retrieval, Ask(keys[i]), Ask("place"), " " + secrets[i],
                secrets.Select(secret => " " + secret), WrongChoices));
    }

    private static string Ask(string key) => $"{Again}The password of the {key} is";

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

    /// <summary>A person, what is said of him or her and of no other, and what else happens.</summary>
    private sealed class Chapter
    {
        private readonly List<string> sentences = [];

        /// <param name="number">Number of the chapter.</param>
        /// <param name="person">Name, trade, place, food and colour.</param>
        public Chapter(int number, string[] person)
        {
            if (person is not [var name, var trade, var place, var food, var colour])
                throw new ArgumentException("not a person", nameof(person));
            Name = name;
            Heading = $"Chapter {number}, {name}";
            Facts =
            [
                ("trade of {0} is", trade), ("home of {0} is", place), ("food of {0} is", food),
                ("door of {0} is", colour),
            ];
            string[] facts = [.. Facts.Select(fact => $"{string.Format(null, fact.Begin, name)} {fact.Value}")];
            for (int i = 0; i < Mentions; i++) sentences.AddRange(facts.Select(fact => $"The {fact}."));
            Summary = $"the {string.Join(", the ", facts)}.";
        }

        public string Name { get; }

        public string Heading { get; }

        public string Summary { get; }

        /// <summary>Beginning of a sentence about <c>{0}</c> without its article, and its last word.</summary>
        public (string Begin, string Value)[] Facts { get; }

        public string Text => $"{Heading}\n{string.Join(' ', sentences)}\n";

        /// <summary>Somewhere behind the first sentence, which names the person.</summary>
        public void Insert(string sentence, Draw draw) => sentences.Insert(1 + draw.Below(sentences.Count), sentence);
    }
}
