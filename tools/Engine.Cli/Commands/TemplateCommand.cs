using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Engine.Text;

namespace Engine.Cli.Commands;

/// <summary><c>engine template</c>: a chat template applied to a JSON file.</summary>
internal sealed class TemplateCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string> template = CliOptions.File("FILE.jinja", "The template");
    private readonly Argument<string> input = CliOptions.File("INPUT.json",
        "A JSON object with the template's variables: messages, add_generation_prompt, bos_token …");

    private readonly Option<DateTime?> now = new("--now")
    {
        Description = "The time that the template sees, such as 2025-06-15T12:34:56 [default: the clock]",
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time))
                return time;
            result.AddError($"--now: expected a time such as 2025-06-15T12:34:56, found \"{text}\"");
            return null;
        },
    };

    private readonly Option<bool> json = CliOptions.Flag("--json", "Print one JSON object with the text");

    private TemplateCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new TemplateCommand(console);
        var command = new CliCommand("template",
            "Applies a chat template and prints exactly the text that it makes, with no newline added.",
            "engine template chat.jinja conversation.json",
            "engine template chat.jinja conversation.json --now 2025-06-15T12:34:56")
        {
            self.template, self.input, self.now, self.json,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        ChatTemplate parsed = ChatTemplate.Parse(InputFiles.ReadText(result.GetRequiredValue(template)));
        using JsonDocument variables = ReadVariables(result.GetRequiredValue(input));
        string text = parsed.Render(variables.RootElement, result.GetValue(now));
        if (result.GetValue(json)) JsonResult.Write(console, writer => writer.WriteString("text", text));
        else console.Output.Write(text);
        return ExitCodes.Done;
    }

    private static JsonDocument ReadVariables(string path)
    {
        byte[] text = InputFiles.ReadBytes(path);
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not JSON: {error.Message}", error);
        }
    }
}
