using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Engine.Cli.Commands;

/// <summary><c>engine pack</c>: writes a model in the order in which kernels read it.</summary>
internal sealed class PackCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "The packed file",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<bool> force = CliOptions.Flag("--force", "Replace the output if it exists");
    private readonly Option<bool> json = CliOptions.Json();

    private PackCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new PackCommand(console);
        var command = new CliCommand("pack",
            "Writes a model with its matrices in kernel order, for this engine alone: same weights, same size.",
            "engine pack my-model.gguf -o my-model.bin",
            "engine pack big-00001-of-00003.gguf -o big.bin --force",
            "engine run my-model.bin --prompt \"Hello\"")
        {
            self.model, self.output, self.force, self.json,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        string source = InputFiles.Existing(result.GetRequiredValue(model));
        string target = result.GetRequiredValue(output);
        bool replace = result.GetValue(force), asJson = result.GetValue(json);
        if (!replace && File.Exists(target)) throw new IOException($"{target} exists already; --force replaces it");
        using var interruption = new Interruption(console);
        var progress = new Progress(console, asJson);
        long begin = Stopwatch.GetTimestamp();
        PackingResult done;
        try
        {
            done = ModelPacker.Pack(source, target, replace,
                (bytes, total) => progress.Report("packing, MB", bytes >> 20, total >> 20), interruption.Token);
        }
        finally
        {
            progress.Clear();
        }

        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        if (asJson) WriteJson(target, done, seconds);
        else
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{target}: {done.PackedTensors} of {done.Tensors} tensors packed, {done.PackedBytes / 1e6:F1} of "
                + $"{done.FileBytes / 1e6:F1} MB, in {seconds:F1} s"));
        return ExitCodes.Done;
    }

    private void WriteJson(string target, PackingResult done, double seconds) =>
        JsonResult.Write(console, writer =>
        {
            writer.WriteString("output", target);
            writer.WriteNumber("tensors", done.Tensors);
            writer.WriteNumber("packed_tensors", done.PackedTensors);
            writer.WriteNumber("packed_bytes", done.PackedBytes);
            writer.WriteNumber("file_bytes", done.FileBytes);
            JsonResult.Number(writer, "seconds", seconds);
        });
}
