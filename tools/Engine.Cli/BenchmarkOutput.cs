using System.Globalization;
using System.Text.Json;
using Engine.Isa;

namespace Engine.Cli;

/// <summary>A figure that every repetition has.</summary>
/// <param name="Name">Name in JSON.</param>
/// <param name="Heading">Heading of a table.</param>
/// <param name="Of">The figure.</param>
internal sealed record BenchmarkColumn(string Name, string Heading, Func<BenchmarkRun, double> Of);

/// <summary>A benchmark's report as a table or as JSON.</summary>
internal sealed class BenchmarkOutput(ICliConsole console, BenchmarkReport report)
{
    /// <summary>What was measured, and nothing that was not.</summary>
    private IEnumerable<BenchmarkColumn> Columns
    {
        get
        {
            if (report.Prefill > 0)
                yield return new("prefill_tokens_per_second", "prefill tokens/s", run => run.PrefillRate);
            if (report.Decode > 0)
                yield return new("decode_tokens_per_second", "decode tokens/s", run => run.DecodeRate);
            if (report.Batch > 0)
                yield return new("batch_decode_tokens_per_second", Invariant($"{report.Batch} sequences tokens/s"),
                    run => run.BatchDecodeRate);
            if (report.Busy > 0)
            {
                yield return new("busy_decode_tokens_per_second", Invariant($"beside {report.Busy} busy tokens/s"),
                    run => run.BusyDecodeRate);
                yield return new("single_thread_decode_tokens_per_second", "one thread tokens/s",
                    run => run.SingleThreadDecodeRate);
            }

            if (report.Best.ReadRate > 0)
                yield return new("read_gigabytes_per_second", "memory GB/s", run => run.ReadRate / 1e9);
        }
    }

    /// <summary>A table of the repetitions, and below it what the best of them come to.</summary>
    public void WriteTable()
    {
        LanguageModel model = report.Model;
        BenchmarkColumn[] columns = [.. Columns];
        string threads = model.Threads == 1 ? "1 thread" : Invariant($"{model.Threads} threads");
        long bytes = report.PeakResidentBytes;
        string packed = model.PackedBytes == 0 ? ""
            : Invariant($", {model.PackedBytes / 1e6:F0} MB packed in {report.LoadSeconds:F2} s");
        string peak = bytes > 0 ? Invariant($", at most {bytes / 1e6:F0} MB resident") : "";
        console.Output.WriteLine(Invariant($"{model.Name}, {InstructionSets.NameOf(model.InstructionSet)}, {threads}, ")
            + Invariant($"depth {report.Depth}, {report.BytesPerToken / 1e6:F1} MB read per token{packed}{peak}"));
        Row("repetition", columns.Select(column => column.Heading));
        Row("---", columns.Select(_ => "--:"));
        for (int i = 0; i < report.Runs.Count; i++) Row(Invariant($"{i + 1}"), Figures(report.Runs[i]));
        Row("best", Figures(report.Best));
        WriteRatios();

        void Row(string name, IEnumerable<string> cells) =>
            console.Output.WriteLine($"| {name} | {string.Join(" | ", cells)} |");

        IEnumerable<string> Figures(BenchmarkRun run) => columns.Select(column => Invariant($"{column.Of(run):F1}"));
    }

    private void WriteRatios()
    {
        BenchmarkRun best = report.Best;
        if (report.Batch > 0)
            Line($"{report.Batch} sequences: {best.BatchDecodeRate / best.DecodeRate:F2} times one");
        if (report.Busy > 0)
        {
            Line($"beside {report.Busy} busy: {best.BusyDecodeRate / best.SingleThreadDecodeRate:F2} times one thread");
            Line($"undisturbed: {best.DecodeRate / best.SingleThreadDecodeRate:F2} times one thread");
        }

        if (best.ReadRate > 0 && report.Decode > 0)
            Line($"memory: decode uses {100 * report.BandwidthFraction:F0} % of what the same threads read");

        void Line(FormattableString text) => console.Output.WriteLine(FormattableString.Invariant(text));
    }

    /// <summary>One object: the best at top level, and all repetitions.</summary>
    public void WriteJson() => JsonResult.Write(console, writer =>
    {
        writer.WriteNumber("prefill_tokens_per_second", report.Best.PrefillRate);
        writer.WriteNumber("decode_tokens_per_second", report.Best.DecodeRate);
        writer.WriteNumber("bytes_per_token", report.BytesPerToken);
        writer.WriteNumber("packed_bytes", report.Model.PackedBytes);
        writer.WriteNumber("load_seconds", report.LoadSeconds);
        writer.WriteNumber("cache_bytes_per_token", report.CacheBytesPerToken);
        writer.WriteNumber("allocated_bytes_per_token", report.Best.AllocatedBytesPerToken);
        if (report.PeakResidentBytes > 0) writer.WriteNumber("peak_resident_bytes", report.PeakResidentBytes);
        writer.WriteNumber("layer_multiply_adds", report.LayerMultiplyAdds);
        writer.WriteNumber("head_multiply_adds", report.HeadMultiplyAdds);
        writer.WriteString("weight_type", report.WeightType);
        writer.WriteString("isa", InstructionSets.NameOf(report.Model.InstructionSet));
        writer.WriteNumber("threads", report.Model.Threads);
        writer.WriteString("model", report.Model.Name);
        writer.WriteNumber("prefill", report.Prefill);
        writer.WriteNumber("decode", report.Decode);
        writer.WriteNumber("depth", report.Depth);
        WriteExtras(writer);
        writer.WriteStartArray("repetitions");
        foreach (BenchmarkRun run in report.Runs)
        {
            writer.WriteStartObject();
            foreach (BenchmarkColumn column in Columns) writer.WriteNumber(column.Name, column.Of(run));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private void WriteExtras(Utf8JsonWriter writer)
    {
        BenchmarkRun best = report.Best;
        if (report.Batch > 0)
        {
            writer.WriteNumber("batch", report.Batch);
            writer.WriteNumber("batch_decode_tokens_per_second", best.BatchDecodeRate);
            writer.WriteNumber("batch_speedup", best.BatchDecodeRate / best.DecodeRate);
        }

        if (report.Busy > 0)
        {
            writer.WriteNumber("busy", report.Busy);
            writer.WriteNumber("busy_decode_tokens_per_second", best.BusyDecodeRate);
            writer.WriteNumber("single_thread_decode_tokens_per_second", best.SingleThreadDecodeRate);
            writer.WriteNumber("decode_to_single_thread", best.DecodeRate / best.SingleThreadDecodeRate);
            writer.WriteNumber("busy_to_single_thread", best.BusyDecodeRate / best.SingleThreadDecodeRate);
        }

        if (best.ReadRate == 0) return;
        writer.WriteNumber("read_gigabytes_per_second", best.ReadRate / 1e9);
        if (report.Decode > 0) writer.WriteNumber("bandwidth_fraction", report.BandwidthFraction);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
