using System.Globalization;
using Engine.Attention.Hyper;
using Engine.Isa;

namespace Engine.Cli;

/// <summary>One vector of HyperAttention on every instruction set that works here.</summary>
internal static class AttentionSelfTest
{
    /// <summary>Prints the errors; false if one is above the tolerance.</summary>
    public static bool Run(ICliConsole console, string path, bool asJson, CancellationToken cancellation)
    {
        AttentionVector vector = AttentionVector.Read(path);
        using var run = new AttentionVectorRun(vector);
        var results = new List<(InstructionSet Isa, AttentionErrors Errors)>();
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            cancellation.ThrowIfCancellationRequested();
            results.Add((isa, Check(run, path, isa)));
        }

        bool passed = results.TrueForAll(result => result.Errors.Passed);
        if (asJson) WriteJson(console, path, results, passed);
        else WriteText(console, results);
        return passed;
    }

    private static AttentionErrors Check(AttentionVectorRun run, string path, InstructionSet isa)
    {
        try
        {
            return run.Run(HyperAttention.For(isa));
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    private static void WriteText(ICliConsole console, List<(InstructionSet Isa, AttentionErrors Errors)> results)
    {
        foreach ((InstructionSet isa, AttentionErrors errors) in results)
        {
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{InstructionSets.NameOf(isa)}: output {errors.Output:E1}, log-sum-exp {errors.LogSumExp:E1}, exact "
                + $"output {errors.ExactOutput:E1}, exact log-sum-exp {errors.ExactLogSumExp:E1}, ranks that differ "
                + $"{errors.RankDifferences}: {(errors.Passed ? "ok" : "FAILED")}, allowed "
                + $"{AttentionErrors.Tolerance}"));
        }
    }

    private static void WriteJson(ICliConsole console, string path,
        List<(InstructionSet Isa, AttentionErrors Errors)> results, bool passed) =>
        JsonResult.Write(console, writer =>
        {
            writer.WriteString("vector", path);
            writer.WriteBoolean("passed", passed);
            writer.WriteNumber("tolerance", AttentionErrors.Tolerance);
            writer.WriteStartArray("results");
            foreach ((InstructionSet isa, AttentionErrors errors) in results)
            {
                writer.WriteStartObject();
                writer.WriteString("isa", InstructionSets.NameOf(isa));
                writer.WriteBoolean("passed", errors.Passed);
                JsonResult.Number(writer, "output_error", errors.Output);
                JsonResult.Number(writer, "lse_error", errors.LogSumExp);
                JsonResult.Number(writer, "exact_output_error", errors.ExactOutput);
                JsonResult.Number(writer, "exact_lse_error", errors.ExactLogSumExp);
                writer.WriteNumber("rank_differences", errors.RankDifferences);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
}
