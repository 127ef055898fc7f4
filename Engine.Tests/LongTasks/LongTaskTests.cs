using System.Xml.Linq;
using Engine.LongTasks;
using Engine.Tests.Cli;

namespace Engine.Tests.LongTasks;

/// <summary>Long documents that are made from a seed, what is asked of them, and how answers are scored.</summary>
[TestClass]
public sealed class LongTaskTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private const int Tokens = 3900, Questions = 8;

    private static readonly Lazy<LanguageModel> Model =
        new(() => LanguageModel.Load(TestData.Model("smollm2-135m-instruct-q4_1.gguf")));

    private static IEnumerable<object[]> Kinds => DocumentKind.All.Select(kind => new object[] { kind.Name });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void ASeedGivesADocumentAndAnotherSeedAnother(string kind)
    {
        LongDocument one = Write(kind, Plan(3)), again = Write(kind, Plan(3)), other = Write(kind, Plan(4));
        Assert.AreEqual(one.Text, again.Text);
        CollectionAssert.AreEqual(Lines(one), Lines(again));
        Assert.AreNotEqual(one.Text, other.Text);
        CollectionAssert.AreNotEqual(Lines(one), Lines(other));
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void ADocumentHasNearlyAsManyTokensAsItMay(string kind)
    {
        foreach (int tokens in (int[])[2000, Tokens, 8000])
        {
            int length = Count(Write(kind, Plan(1) with { Tokens = tokens }).Text);
            Assert.IsLessThanOrEqualTo(tokens + 8, length, kind);
            Assert.IsGreaterThanOrEqualTo(tokens - 80, length, kind);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void EveryTaskIsAskedAsOftenAndAQuestionLeavesRoom(string kind)
    {
        LongDocument document = Write(kind, Plan(1));
        TaskKind[] tasks = [.. document.Questions.Select(question => question.Task).Distinct()];
        CollectionAssert.AreEquivalent(Kind(kind).Tasks.ToArray(), tasks);
        foreach (TaskKind task in tasks)
            Assert.AreEqual(Questions, document.Questions.Count(question => question.Task == task));
        foreach (Question question in document.Questions)
        {
            Assert.AreEqual(question.Choices.Count, question.Choices.Distinct().Count());
            int prompt = Count(question.Prompt);
            Assert.AreNotEqual(question.Prompt, question.Contrast);
            Assert.AreEqual(question.IsFree, question.Contrast is null);
            // What is shorter than this would attend exactly.
            Assert.IsGreaterThanOrEqualTo(12, prompt, question.Prompt);
            Assert.IsLessThanOrEqualTo(TaskCourse.Reserve, prompt + question.Choices.Max(Count) + 36);
        }
    }

    [TestMethod]
    public void TheAnswersOfABookStandInIt()
    {
        LongDocument book = Write("book", Plan(2));
        foreach (Question question in book.Questions)
        {
            string begin = question.Prompt[(question.Prompt.LastIndexOf('\n') + 1)..];
            switch (question.Task)
            {
                case TaskKind.Fact or TaskKind.Retrieval:
                    Assert.AreEqual(3, Occurrences(book.Text, $"{begin}{question.Answer}."), begin);
                    foreach (string wrong in question.Choices.Where(choice => choice != question.Answer))
                        Assert.DoesNotContain($"{begin}{wrong}.", book.Text);
                    break;
                case TaskKind.Count:
                    int right = Occurrences(book.Text, $"{begin}{question.Answer}.");
                    foreach (string wrong in question.Choices.Where(choice => choice != question.Answer))
                    {
                        int times = Occurrences(book.Text, $"{begin}{wrong}.");
                        Assert.IsTrue(times > 0 && times < right, question.Prompt);
                    }

                    break;
                default:
                    Assert.Contains(begin.TrimEnd(':') + "\n", book.Text);
                    Assert.AreEqual(100, Overlap.Score(question.Answer, question.Answer, question.Prompt));
                    double guessed = book.Questions.Where(one => one.IsFree && !question.Prompt.Contains(one.Answer))
                        .Average(one => Overlap.Score(one.Answer, question.Answer, question.Prompt));
                    Assert.AreEqual(question.Chance, guessed, 1e-9);
                    break;
            }
        }
    }

    [TestMethod]
    public void FunctionsLeadToTheirValue()
    {
        LongDocument code = Write("code", Plan(5));
        foreach (Question question in code.Questions)
        {
            string call = question.Prompt.Split(' ', ':', '\n').Single(word => word.EndsWith("()", Ordinal));
            Assert.AreEqual("\"" + question.Answer, Returned(code.Text, call));
        }
    }

    [TestMethod]
    public void ExamplesNameOneLabelForAClassAndHoldTheWordsBackThatAreAsked()
    {
        LongDocument document = Write("examples", Plan(6));
        string[][] lines = [.. document.Text.TrimEnd('\n').Split('\n').Select(line => Words(line))];
        foreach (Question question in document.Questions)
        {
            string[] kind = WordBank.Classes.Single(words => words.Intersect(Words(question.Prompt)).Any());
            string asked = kind.Intersect(Words(question.Prompt)).Single();
            Assert.IsFalse(lines.Any(line => line.Contains(asked)), asked);
            string[] labels = [.. lines.Where(line => line.Intersect(kind).Any()).Select(line => line[^1]).Distinct()];
            CollectionAssert.AreEqual(new[] { question.Answer.Trim() }, labels);
        }
    }

    [TestMethod]
    public void TooManyQuestionsForADocumentAreRefused()
    {
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => Write("book", Plan(1) with { Tokens = 300, Questions = 12 }));
        Assert.Contains("12 questions need", error.Message);
        Assert.Contains("300", error.Message);
    }

    [TestMethod]
    public void ProseFillsBooksInItsOrder()
    {
        IReadOnlyList<string> sentences = Filler.SentencesOf("One  fish.\nTwo “fish.” Red fish! Blue… No end");
        CollectionAssert.AreEqual(new[] { "One fish.", "Two “fish.”", "Red fish!" }, sentences.ToArray());
        LongDocument book = Write("book", Plan(1) with { Prose = sentences });
        Assert.Contains("Two “fish.”", book.Text);
        Assert.DoesNotContain("the old woman", book.Text);
    }

    [TestMethod]
    public void OverlapCountsWhatThePromptDoesNotSay()
    {
        const string Prompt = "Anna sold a drum.\nIn a sentence:", Reference = " Tom sold a boat in York.";
        Assert.AreEqual(100, Overlap.Score("Tom, York: boat in", Reference, Prompt));
        Assert.AreEqual(0, Overlap.Score("Anna sold a drum.", Reference, Prompt));
        Assert.AreEqual(0, Overlap.Score("", Reference, Prompt));
        // Two of three words are right (Tom, boat), two of the three wanted are found: tom, boat, york.
        Assert.AreEqual(200.0 * 2 / 6, Overlap.Score("\nTOM saw a boat\nYork", Reference, Prompt), 1e-9);
        Assert.AreEqual(200.0 / 6, Overlap.Score("Tom Tom Tom", Reference, Prompt), 1e-9);
    }

    [TestMethod]
    public void AnswersAreThoseOfAFreshSession()
    {
        using var examiner = new Examiner(Model.Value, new AttentionOptions(), 400, exactQuestions: false);
        const string Text = "The sky was blue. The sea was green. The sky was blue. The sea was green.\n";
        var first = new Question(TaskKind.Fact, "What colour was the sky? The sky was", [" green", " blue"], 1);
        var second = new Question(TaskKind.Fact, "And the sea, again? The sea was", [" green once more", " blue"], 0);
        Question known = second with { Contrast = "And the wall, again? The wall was" };
        Question wider = known with { Choices = [" blue", " red", " green once more"], Right = 2 };
        var free = new Question(TaskKind.Summary, "Say it again in one line: The sky", [" was blue"], 0);
        examiner.Read(Text);
        Answer[] together = [examiner.Ask(first), examiner.Ask(second), examiner.Ask(free), examiner.Ask(first)];
        Assert.AreEqual(together[0], together[3]);
        Assert.AreEqual(100, together[0].Score);
        Assert.IsTrue(together[0].Match);
        examiner.Read(Text);
        Assert.AreEqual(together[2], examiner.Ask(free));
        Assert.AreEqual(together[1], examiner.Ask(second));
        Answer alone = examiner.Ask(wider);
        examiner.Read(Text);
        Assert.AreEqual(together[1].Loss, examiner.Ask(known).Loss);
        Assert.AreEqual(alone, examiner.Ask(wider));
        Assert.AreEqual(LossOf(Text, first.Prompt, first.Answer), together[0].Loss, 1e-4);
        Assert.AreEqual(LossOf(Text, second.Prompt, second.Answer), together[1].Loss, 0.05);
    }

    [TestMethod]
    public void ChangesArePairedAndErrorsAreThoseOfTheMean()
    {
        var results = new TaskResults([.. Samples("exact", 100, 0, 100), .. Samples("last 10", 0, 0, 100),
            .. Samples("calibrated, 3 heads", 100, 100, 100), .. Samples("last 5", 100, 0, 0)]);
        CollectionAssert.AreEqual(new[] { "exact", "last 5", "last 10", "calibrated, 3 heads" },
            results.Settings.ToArray());
        Estimate exact = results.Of(64, "exact", TaskKind.Code, TaskTables.ScoreOf);
        Assert.AreEqual(200.0 / 3, exact.Mean, 1e-9);
        Assert.AreEqual(100.0 / 3, exact.Error, 1e-9);
        Estimate change = results.Change(64, "last 10", TaskKind.Code, TaskTables.ScoreOf);
        Assert.AreEqual(-100.0 / 3, change.Mean, 1e-9);
        Assert.AreEqual(100.0 / 3, change.Error, 1e-9);
        string table = new TaskTables(results).Write();
        Assert.Contains("| none (exact) | 66.7 | 66.7 |  |", table);
        Assert.Contains("| last 10 | 33.3 | 33.3 | −33.3 ± 33.3 |", table);
        Assert.Contains("| calibrated, 3 heads | 100.0 | 100.0 | +33.3 ± 33.3 |", table);
        XDocument.Parse(TaskReport.Chart(results).Draw());
    }

    [TestMethod]
    public void OnlyWhatAllAttentionsWereAskedCounts()
    {
        TaskSample[] first = [.. Samples("exact", 100, 0), .. Samples("last 10", 0, 0)];
        IEnumerable<TaskSample> second = Samples("exact", 100, 100).Select(sample => sample with { Seed = 2 });
        var results = new TaskResults([.. first, .. second]);
        Assert.AreEqual(1, results.Documents);
        Assert.AreEqual(50, results.Of(64, "exact", TaskKind.Code, TaskTables.ScoreOf).Mean, 1e-9);
        // With nothing in common, everything counts.
        var apart = new TaskResults([.. first.Where(sample => sample.Setting != "exact"), .. second]);
        Assert.AreEqual(2, apart.Documents);
        Assert.AreEqual(100, apart.Of(64, "exact", TaskKind.Code, TaskTables.ScoreOf).Mean, 1e-9);
    }

    [TestMethod]
    public void ARunGoesOnWhereItStopped()
    {
        using var folder = new TemporaryFolder();
        string raw = Path.Combine(folder.Path, "raw.jsonl"), document = Path.Combine(folder.Path, "d.md");
        string[] command = ["--model", TestData.Model("smollm2-135m-instruct-q4_1.gguf"), "--lengths", "700",
            "--layers", "0,30", "--kind", "examples", "--questions", "2", "--raw", raw];
        Assert.AreEqual(0, TasksCommand.Create().Parse([.. command, "--instances", "1"]).Invoke());
        string[] before = File.ReadAllLines(raw);
        string[] more = [.. command, "--instances", "2", "--document", document];
        Assert.AreEqual(0, TasksCommand.Create().Parse(more).Invoke());
        string[] after = File.ReadAllLines(raw);
        CollectionAssert.AreEqual(before, after[..before.Length]);
        TaskSample[] samples = [.. after.Select(TaskSample.Parse)];
        var runs = samples.Where(sample => sample.Kind == TaskSample.Document).Select(sample => sample.Run).ToArray();
        Assert.HasCount(4, runs);
        Assert.HasCount(4, runs.Distinct().ToArray());
        Assert.AreEqual(8, samples.Count(sample => sample.Kind == TaskSample.Question));
        Assert.Contains("<!-- measured: Tasks -->", File.ReadAllText(document));
        Assert.IsTrue(File.Exists(Path.Combine(folder.Path, "d-tasks-score.svg")));
        Assert.AreEqual(1, TasksCommand.Create().Parse(["--model", raw + ".gguf"]).Invoke());
    }

    private static IEnumerable<TaskSample> Samples(string setting, params double[] scores) =>
        scores.Select((score, i) => new TaskSample
        {
            Kind = TaskSample.Question, Source = "code", Seed = 1, Length = 64, Setting = setting, Index = i,
            Task = TaskKind.Code, Score = score, Loss = 1, Match = true, Chance = 25,
        });

    private static double LossOf(string text, string prompt, string answer)
    {
        int[] before = Model.Value.Tokenize(text + prompt), all = Model.Value.Tokenize(text + prompt + answer);
        CollectionAssert.AreEqual(before, all[..before.Length]);
        using Session session = Model.Value.CreateSession();
        double loss = 0;
        int begin = Model.Value.Tokenize(text).Length;
        session.Prefill(before.AsSpan(0, begin));
        ReadOnlySpan<float> logits = session.Prefill(before.AsSpan(begin));
        for (int i = before.Length; i < all.Length; i++)
        {
            double total = 0;
            foreach (float logit in logits) total += Math.Exp(logit);
            loss += Math.Log(total) - logits[all[i]];
            if (i + 1 < all.Length) logits = session.Prefill(all.AsSpan(i, 1));
        }

        return loss / (all.Length - before.Length);
    }

    private static DocumentPlan Plan(int seed) => new(Tokens, Questions, seed, Count);

    private static DocumentKind Kind(string name) => DocumentKind.All.Single(kind => kind.Name == name);

    private static LongDocument Write(string kind, DocumentPlan plan) => Kind(kind).Write(plan);

    private static int Count(string text) => Model.Value.Tokenize(text).Length;

    private static string[] Lines(LongDocument document) =>
        [.. document.Questions.Select(one => $"{one.Prompt}{string.Join('|', one.Choices)}{one.Right}")];

    private static string[] Words(string line) => line.Split([' ', '.', ':'], StringSplitOptions.RemoveEmptyEntries);

    private static string Returned(string code, string call)
    {
        string head = $"def {call}:\n    return ";
        Assert.AreEqual(1, Occurrences(code, head), call);
        int begin = code.IndexOf(head, StringComparison.Ordinal) + head.Length;
        return code[begin..code.IndexOf('\n', begin)];
    }

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;
}
