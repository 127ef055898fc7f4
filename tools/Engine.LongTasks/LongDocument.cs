namespace Engine.LongTasks;

/// <summary>What a question asks of a long document, in the order of the tables.</summary>
internal enum TaskKind
{
    /// <summary>Something that was said of one person in a few places.</summary>
    Fact,

    /// <summary>Which of four things happened most often.</summary>
    Count,

    /// <summary>A chapter in one sentence.</summary>
    Summary,

    /// <summary>What a function returns, in a file of functions.</summary>
    Code,

    /// <summary>The class of a word that is new, from examples.</summary>
    FewShot,

    /// <summary>The password that belongs to one of many buildings.</summary>
    Retrieval,
}

/// <summary>A question whose answer stands in a document.</summary>
/// <param name="Task">What it asks.</param>
/// <param name="Prompt">Text behind the document, up to the answer.</param>
/// <param name="Choices">Answers to choose from, as they would follow the prompt; one alone is scored by overlap.
/// </param>
/// <param name="Right">Index of the right one.</param>
/// <param name="Contrast">The same about something that the document does not mention: how likely the choices are
/// anyway. A choice counts by how much likelier the question makes it, because a weak model has its favourites.</param>
/// <param name="FreeChance">Score of whoever guesses a free answer.</param>
internal sealed record Question(TaskKind Task, string Prompt, IReadOnlyList<string> Choices, int Right,
    string? Contrast = null, double FreeChance = 0)
{
    /// <summary>The right answer.</summary>
    public string Answer => Choices[Right];

    /// <summary>Whether it is answered freely, not by choosing.</summary>
    public bool IsFree => Choices.Count == 1;

    /// <summary>Score of whoever guesses.</summary>
    public double Chance => IsFree ? FreeChance : 100.0 / Choices.Count;
}

/// <summary>A document that was made from a seed, and questions about it.</summary>
internal sealed record LongDocument(string Text, IReadOnlyList<Question> Questions);

/// <summary>What a document is to be.</summary>
/// <param name="Tokens">Most tokens of the text; it comes close to them.</param>
/// <param name="Questions">Questions of each task.</param>
/// <param name="Seed">Equal seeds give equal documents.</param>
/// <param name="Count">Counts the tokens of a text.</param>
/// <param name="Prose">Sentences that fill up; null = made ones.</param>
internal sealed record DocumentPlan(int Tokens, int Questions, int Seed, Func<string, int> Count,
    IReadOnlyList<string>? Prose = null)
{
    /// <summary>Tokens for which the numbers in the generators are meant; longer documents have more of all.</summary>
    private const int Unit = 4096;

    /// <summary>A number that grows with the document.</summary>
    public int Scaled(int number) => Math.Max(1, (int)Math.Round((double)number * Tokens / Unit));

    /// <exception cref="ArgumentException">What the questions are about is longer than the document.</exception>
    public void CheckRoom(int used)
    {
        if (used > Tokens)
            throw new ArgumentException(
                $"{Questions} questions need {used} tokens, more than the {Tokens} of the document");
    }
}

/// <summary>The kinds of document; one serves the questions of several tasks.</summary>
internal sealed record DocumentKind(string Name, IReadOnlyList<TaskKind> Tasks, Func<DocumentPlan, LongDocument> Write)
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<DocumentKind> All { get; } =
    [
        new("book", [TaskKind.Fact, TaskKind.Count, TaskKind.Summary, TaskKind.Retrieval], BookWriter.Write),
        new("code", [TaskKind.Code], CodeWriter.Write),
        new("examples", [TaskKind.FewShot], ExampleWriter.Write),
    ];
}
