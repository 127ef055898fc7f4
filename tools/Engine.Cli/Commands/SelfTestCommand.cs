using System.CommandLine;
using Engine.Isa;

namespace Engine.Cli.Commands;

/// <summary><c>engine selftest</c>: the kernels of this machine against scalar code and exact arithmetic.</summary>
internal sealed class SelfTestCommand
{
    private readonly ICliConsole console;
    private readonly Option<bool> json = CliOptions.Json();
    private readonly Option<bool> verbose = CliOptions.Flag("--verbose", "Name every check, not only those that fail");

    private readonly Option<bool> cells = CliOptions.Flag("--cells",
        "Check nothing: list the kernels that a model gets on each instruction set");

    private readonly Option<string?> attention = CliOptions.Text("--attention", "FILE.json",
        "Check one vector of HyperAttention instead: the result must be within 1e-4");

    private SelfTestCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new SelfTestCommand(console);
        var command = new CliCommand("selftest",
            "Checks the kernels of every instruction set that works here against scalar code and exact arithmetic.",
            "engine selftest", "engine selftest --json", "engine selftest --cells",
            "engine selftest --attention causal.json")
        {
            self.attention, self.verbose, self.cells, self.json,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        using var interruption = new Interruption(console);
        CancellationToken cancellation = interruption.Token;
        bool asJson = result.GetValue(json);
        if (result.GetValue(cells)) return ListCells(asJson);
        if (result.GetValue(attention) is { } vector)
            return AttentionSelfTest.Run(console, vector, asJson, cancellation) ? ExitCodes.Done : ExitCodes.Failed;
        bool all = result.GetValue(verbose);
        var outcomes = new List<(string Name, InstructionSet Isa, bool Passed, string Detail)>();
        int total = SelfTest.Checks.Count * InstructionSets.Supported.Count;
        var progress = new Progress(console, asJson);
        bool passed = SelfTest.Run((name, isa, good, detail) =>
        {
            cancellation.ThrowIfCancellationRequested();
            outcomes.Add((name, isa, good, detail));
            progress.Report("checks", outcomes.Count, total);
        });
        progress.Clear();
        if (asJson) WriteJson(outcomes, passed);
        else WriteText(outcomes, all);
        return passed ? ExitCodes.Done : ExitCodes.Failed;
    }

    private int ListCells(bool asJson)
    {
        if (asJson)
        {
            JsonResult.Write(console, writer =>
            {
                writer.WriteString("isa", InstructionSets.NameOf(InstructionSets.Best));
                writer.WriteStartObject("cells");
                foreach (InstructionSet isa in InstructionSets.Supported)
                {
                    writer.WriteStartObject(InstructionSets.NameOf(isa));
                    foreach ((string use, string cell) in CellTable.Of(isa)) writer.WriteString(use, cell);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            });
            return ExitCodes.Done;
        }

        console.Output.WriteLine($"best: {InstructionSets.NameOf(InstructionSets.Best)}");
        foreach (InstructionSet isa in InstructionSets.Supported)
            foreach ((string use, string cell) in CellTable.Of(isa))
                console.Output.WriteLine($"{InstructionSets.NameOf(isa)} {use}: {cell}");
        return ExitCodes.Done;
    }

    private void WriteText(List<(string Name, InstructionSet Isa, bool Passed, string Detail)> outcomes, bool all)
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            int good = 0, bad = 0;
            foreach (var outcome in outcomes)
            {
                if (outcome.Isa != isa) continue;
                if (outcome.Passed) good++;
                else bad++;
                if (!outcome.Passed)
                    console.Output.WriteLine($"{InstructionSets.NameOf(isa)} {outcome.Name} FAILED: {outcome.Detail}");
                else if (all) console.Output.WriteLine($"{InstructionSets.NameOf(isa)} {outcome.Name} ok");
            }

            console.Output.WriteLine($"{InstructionSets.NameOf(isa)}: {good} checks passed, {bad} failed");
        }
    }

    private void WriteJson(List<(string Name, InstructionSet Isa, bool Passed, string Detail)> outcomes, bool passed) =>
        JsonResult.Write(console, writer =>
        {
            writer.WriteBoolean("passed", passed);
            writer.WriteString("isa", InstructionSets.NameOf(InstructionSets.Best));
            JsonResult.Texts(writer, "supported", InstructionSets.Supported.Select(InstructionSets.NameOf));
            writer.WriteStartArray("checks");
            foreach (var outcome in outcomes)
            {
                writer.WriteStartObject();
                writer.WriteString("name", outcome.Name);
                writer.WriteString("isa", InstructionSets.NameOf(outcome.Isa));
                writer.WriteBoolean("passed", outcome.Passed);
                if (!outcome.Passed) writer.WriteString("detail", outcome.Detail);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
}
