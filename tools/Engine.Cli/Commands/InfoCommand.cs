using System.CommandLine;
using Engine.Cache;
using Engine.Gguf;

namespace Engine.Cli.Commands;

/// <summary><c>engine info</c>: what is in a model file, and what it will take to run it.</summary>
internal sealed class InfoCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Option<int> context = CliOptions.Context(
        "Context whose memory is stated; 0 = what the model was trained for, at most "
        + $"{SessionOptions.DefaultContextLength}");

    private readonly Option<CacheType> cacheType = CliOptions.CacheType();
    private readonly Option<bool> tensors = CliOptions.Flag("--tensors", "List every tensor, not only the types");
    private readonly Option<bool> json = CliOptions.Json();

    private InfoCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new InfoCommand(console);
        var command = new CliCommand("info",
            "Shows a model's metadata, its tensors, which layers share a cache, and the memory it takes.",
            "engine info my-model.gguf", "engine info my-model.gguf --tensors", "engine info my-model.gguf --json")
        {
            self.model, self.context, self.cacheType, self.tensors, self.json,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        using GgufFile file = GgufFile.Open(InputFiles.Existing(result.GetRequiredValue(model)));
        var report = new ModelReport(file, result.GetValue(context), result.GetValue(cacheType));
        if (result.GetValue(json)) JsonResult.Write(console, report.WriteJson);
        else report.WriteText(console.Output, result.GetValue(tensors));
        // What is in the file is shown even if it cannot be run; then the reason follows.
        if (report.Problem is not null) throw report.Problem;
        return ExitCodes.Done;
    }
}
