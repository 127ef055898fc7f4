using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Cli;
using Engine.Reports;

namespace Engine.LongTasks;

/// <summary>The command line.</summary>
internal sealed class TasksCommand
{
    private readonly Option<string> model = Path("--model", "GGUF file", "models/smollm2-135m-instruct-q4_1.gguf");
    private readonly Option<int[]> lengths = Numbers("--lengths", "Tokens of document, question and answer together");
    private readonly Option<int[]> layers = Numbers("--layers",
        "How many of the last layers are approximated, 0 = exact [default: sixths of the model's]");

    private readonly Option<string?> calibration = CliOptions.Text("--calibration", "FILE",
        $"Calibration to try, too [default: the model's name with {AttentionCalibration.FileSuffix}, if it is there]");

    private readonly Option<float> threshold = CliOptions.Number("--threshold",
        "Relative error below which a calibrated head is approximated", (float)AttentionCalibration.DefaultThreshold, 0,
        float.MaxValue);

    private readonly Option<bool> exactQuestions = CliOptions.Flag("--exact-questions",
        "Let the tokens of a question attend exactly: only the document is read approximately");

    private readonly Option<int> seed = CliOptions.Integer("--seed", "Seed of the first documents", 1, 0);
    private readonly Option<int> instances = CliOptions.Integer("--instances", "Documents of each kind and length", 1,
        1);
    private readonly Option<int> questions = CliOptions.Integer("--questions", "Questions of each task to a document",
        12, 1);

    private readonly Option<string[]> kinds = CliOptions.Texts("--kind", "KIND", "Only this kind of document: "
        + string.Join(", ", DocumentKind.All.Select(kind => kind.Name)));

    private readonly Option<string?> text = CliOptions.Text("--text", "FILE",
        "Text whose sentences fill up books [default: made sentences]");

    private readonly Option<int> threads = CliOptions.Threads(1);
    private readonly Option<float> minutes = CliOptions.Number("--minutes",
        "Begin no document after this time; the same command with the same --raw goes on", 1e6f, 0, float.MaxValue);

    private readonly Option<string?> raw = CliOptions.Text("--raw", "FILE",
        "File of samples: what it holds is not measured again, and all new ones are added, a JSON line each");

    private readonly Option<string?> document = CliOptions.Text("--document", "FILE",
        "Markdown file to write tables into; the chart goes beside it");

    private readonly Option<string> section = Path("--section", "Part of the document that is written", "Tasks");
    private readonly Option<bool> json = CliOptions.Json();

    /// <summary>The command, ready to parse.</summary>
    public static RootCommand Create()
    {
        var self = new TasksCommand();
        var root = new RootCommand("Asks a model about long documents that are made from a seed, with exact and with "
            + "approximate attention in more and more layers.")
        {
            self.model, self.lengths, self.layers, self.calibration, self.threshold, self.exactQuestions, self.seed,
            self.instances, self.questions, self.kinds, self.text, self.threads, self.minutes, self.raw, self.document,
            self.section, self.json,
        };
        self.kinds.AcceptOnlyFromAmong([.. DocumentKind.All.Select(kind => kind.Name)]);
        root.SetAction(self.Run);
        return root;
    }

    private int Run(ParseResult result)
    {
        try
        {
            List<TaskSample> samples = [];
            string? file = result.GetValue(raw);
            if (file is not null && File.Exists(file)) samples.AddRange(File.ReadLines(file).Select(TaskSample.Parse));
            if (result.GetValue(minutes) > 0) Measure(result, samples, file);
            var results = new TaskResults(samples);
            if (result.GetValue(document) is { } path)
                TaskReport.Write(path, result.GetRequiredValue(section), results);
            Console.WriteLine(result.GetValue(json) ? TaskTables.Json(results) : new TaskTables(results).Write());
            return 0;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or IOException or JsonException
            or InvalidDataException or InvalidOperationException or ModelFormatException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine("Engine.LongTasks: " + error.Message);
            return 1;
        }
    }

    private void Measure(ParseResult result, List<TaskSample> samples, string? file)
    {
        string path = result.GetRequiredValue(model);
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: no such file");
        using LanguageModel loaded = LanguageModel.Load(path, new ModelOptions { Threads = result.GetValue(threads) });
        var course = new TaskCourse(loaded, result.GetValue(exactQuestions), result.GetValue(questions))
        {
            Settings = Settings(result, loaded, path),
            Lengths = result.GetRequiredValue(lengths) is { Length: > 0 } given ? given : [4096, 8192],
            Kinds = [.. DocumentKind.All.Where(kind => result.GetRequiredValue(kinds) is not { Length: > 0 } some
                || some.Contains(kind.Name))],
            Seeds = [.. Enumerable.Range(result.GetValue(seed), result.GetValue(instances))],
            Prose = result.GetValue(text) is { } prose ? Filler.SentencesOf(File.ReadAllText(prose)) : null,
        };
        string[] command = ["Engine.LongTasks", .. result.Tokens.Select(token => token.Value)];
        IReadOnlyList<string> facts = Machine.Describe(command, DateTimeOffset.UtcNow);
        Record([new TaskSample { Kind = TaskSample.Machine, Facts = facts }]);
        var clock = Stopwatch.StartNew();
        TimeSpan most = TimeSpan.FromMinutes(result.GetValue(minutes));
        course.Run([.. samples], Record, Console.Error.WriteLine, () => clock.Elapsed < most);

        // One write for a document and its questions: an interrupted run leaves no half of them.
        void Record(IReadOnlyList<TaskSample> some)
        {
            samples.AddRange(some);
            if (file is not null) File.AppendAllText(file, string.Concat(some.Select(one => one.ToJson() + "\n")));
        }
    }

    private List<AttentionSetting> Settings(ParseResult result, LanguageModel loaded, string path)
    {
        int count = (int)loaded.Metadata.GetUInt32($"{loaded.Architecture}.block_count");
        int[] numbers = result.GetRequiredValue(layers) is { Length: > 0 } given ? given
            : [.. Enumerable.Range(0, 7).Select(sixth => sixth * count / 6).Distinct()];
        List<AttentionSetting> settings = [.. numbers.Select(AttentionSetting.Last)];
        string beside = result.GetValue(calibration) ?? path + AttentionCalibration.FileSuffix;
        if (result.GetValue(calibration) is null && !File.Exists(beside)) return settings;
        AttentionCalibration found = AttentionCalibration.Load(beside);
        found.CheckModel(path);
        settings.Add(AttentionSetting.Calibrated(found, result.GetValue(threshold)));
        return settings;
    }

    private static Option<string> Path(string name, string description, string fallback) => new(name)
    {
        Description = description, DefaultValueFactory = _ => fallback,
    };

    private static Option<int[]> Numbers(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N,N…",
        DefaultValueFactory = _ => [],
        CustomParser = found =>
        {
            string given = found.Tokens[0].Value;
            List<int> numbers = [];
            foreach (string part in given.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                    numbers.Add(number);
                else
                    found.AddError($"{name}: expected whole numbers with commas between, found \"{given}\"");
            }

            return [.. numbers];
        },
    };
}
