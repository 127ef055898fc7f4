namespace Engine.LongTasks;

/// <summary>A file of functions in Python: some return a word, most do something else.</summary>
internal sealed class CodeWriter
{
    private const int Values = 12, WrongChoices = 5;

    /// <summary>The two ways to ask: by a test, and by a copy of the definition.</summary>
    private const string Test = "# Tests: every function returns what it returned before.\nassert {0}() == \"",
        Copy = "# Again, so that this file can be read alone.\ndef {0}():\n    return \"";

    private static readonly string[] Nouns = ["name", "label", "title", "code"];

    private static readonly string[] Verbs = ["load", "count", "sort", "merge", "check", "print", "split", "send"];

    private static readonly string[] Bodies =
    [
        "    total = 0\n    for item in {0}:\n        total += item.{1}\n    return total\n",
        "    if {0} is None:\n        raise ValueError(\"{0} is missing\")\n    return [item for item in {0} if "
            + "item.{1}]\n",
        "    result = {{}}\n    for key, value in {0}.items():\n        result[key] = value.{1}\n    return result\n",
        "    with open({0}) as file:\n        lines = file.read().split(\"{1}\")\n    return lines\n",
        "    {0}.sort(key=lambda item: item.{1})\n    return {0}[0]\n",
    ];

    private readonly DocumentPlan plan;
    private readonly Draw draw;
    private readonly List<string> functions = [];
    private readonly List<Question> questions = [];

    private CodeWriter(DocumentPlan plan)
    {
        this.plan = plan;
        draw = new Draw(plan.Seed);
    }

    /// <summary>A file and its questions.</summary>
    public static LongDocument Write(DocumentPlan plan) => new CodeWriter(plan).Write();

    private LongDocument Write()
    {
        string[] all = [.. from material in WordBank.Materials
                           from noun in Nouns
                           select $"{material}_{noun}"];
        int count = Math.Max(plan.Questions, Values);
        string[] names = draw.Some(all, count), values = new string[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = draw.From(WordBank.Secrets);
            Plant($"def {names[i]}():\n    return \"{values[i]}\"\n");
        }

        int[] asked = draw.Some(Enumerable.Range(0, count).ToArray(), Math.Min(plan.Questions, count));
        for (int i = 0; i < asked.Length; i++)
        {
            string form = i % 2 == 0 ? Test : Copy;
            questions.Add(draw.Choice(TaskKind.Code, string.Format(null, form, names[asked[i]]),
                string.Format(null, form, "other_word"), values[asked[i]] + "\"",
                values.Select(value => value + "\""), WrongChoices));
        }

        FillUp();
        return new LongDocument(string.Concat(functions), questions);
    }

    private void Plant(string function) => functions.Insert(draw.Below(functions.Count + 1), function);

    private void FillUp()
    {
        int used = functions.Sum(plan.Count);
        plan.CheckRoom(used);
        while (true)
        {
            string things = draw.From(WordBank.Things) + "s";
            string body = string.Format(System.Globalization.CultureInfo.InvariantCulture, draw.From(Bodies), things,
                draw.From(WordBank.Goods));
            string function = $"def {draw.From(Verbs)}_{things}({things}):\n{body}";
            used += plan.Count(function);
            if (used > plan.Tokens) return;
            Plant(function);
        }
    }
}
