using System.Globalization;
using Engine.Reports;

namespace Engine.Compare;

/// <summary>The results as Markdown.</summary>
internal sealed class Tables(Results results)
{
    private readonly MarkdownTables text = new();

    /// <summary>Facts, limits, and every table that has rows.</summary>
    public string Write()
    {
        foreach (string fact in results.Facts) text.Item(fact);
        text.Item($"best of {results.Rounds} alternating rounds");
        WriteLimits();
        WriteSpeeds("Decode", run => run.Decode, [("GB/s", (run, _) => run.Decode * run.BytesPerToken / 1e9, "F1"),
            ("of bandwidth", (run, all) => all.BandwidthFraction(run), "P0"),
            ("of its own reading", (run, all) => all.OwnBandwidthFraction(run), "P0")]);
        WriteSpeeds("Prefill", run => run.Prefill, [("GMAC/s", (run, _) => Results.PrefillRate(run) / 1e9, "F0"),
            ("of peak", (run, all) => all.PeakFraction(run), "P0")]);
        WriteBatches();
        WriteNeighbours();
        return text.ToString();
    }

    /// <summary>What a row is called: depth and neighbours only where there are any.</summary>
    public static string Describe(Condition condition) => string.Create(CultureInfo.InvariantCulture,
        $"{condition.Model}{(condition.Depth > 0 ? $", depth {condition.Depth:N0}" : "")}");

    private void WriteLimits()
    {
        if (!results.LimitThreads.Any()) return;
        text.Head("Limits of the machine", "threads", "switches", "read GB/s", "read by `engine bench` GB/s",
            "int8 GMAC/s", "int4 GMAC/s", "f32 GMAC/s");
        foreach (string switches in results.LimitSwitches)
        {
            foreach (int threads in results.LimitThreads)
            {
                if (results.Limit(threads, switches) is not { } limit) continue;
                text.Row(Text(threads), switches.Length == 0 ? "none" : $"`{switches}`", Text(limit.Read),
                    Text(results.OwnBandwidth(threads) / 1e9), Text(limit.Int8, "F0"), Text(limit.Int4, "F0"),
                    Text(limit.F32, "F0"));
            }
        }
    }

    private void WriteSpeeds(string title, Func<Sample, double> speed,
        (string Name, Func<Sample, Results, double> Of, string Format)[] extras)
    {
        Condition[] rows = [.. results.Conditions.Where(row => row.Busy == 0
            && results.Variants.Any(variant => results.Best(variant, row) is { } run && speed(run) > 0))];
        if (rows.Length == 0) return;
        List<string> columns = ["model", "threads"];
        if (results.HasPeer) columns.Add(Sample.Peer);
        foreach (string variant in results.Variants)
        {
            columns.Add(variant);
            if (results.HasPeer) columns.Add("× " + Sample.Peer);
            columns.AddRange(extras.Select(extra => extra.Name));
        }

        text.Head($"{title}, tokens/s", [.. columns]);
        foreach (Condition row in rows)
        {
            List<string> cells = [Describe(row), Text(row.Threads)];
            double peer = results.Best(Sample.Peer, row) is { } other ? speed(other) : 0;
            if (results.HasPeer) cells.Add(Text(peer));
            foreach (string variant in results.Variants)
            {
                Sample? run = results.Best(variant, row);
                cells.Add(Text(run is null ? 0 : speed(run)));
                if (results.HasPeer) cells.Add(Text(run is null ? 0 : Results.Over(speed(run), peer), "F2"));
                cells.AddRange(extras.Select(extra => Text(run is null ? 0 : extra.Of(run, results), extra.Format)));
            }

            text.Row([.. cells]);
        }
    }

    private void WriteBatches()
    {
        var rows = (from row in results.Conditions
                    from variant in results.Variants
                    let run = results.Best(variant, row)
                    where run is { BatchDecode: > 0 }
                    select run).ToArray();
        if (rows.Length == 0) return;
        text.Head("Decode of several sequences, tokens/s of all together", "model", "threads", "build", "sequences",
            "one sequence", "together", "× one");
        foreach (Sample run in rows)
            text.Row(Describe(run.Condition), Text(run.Threads), run.Program!, Text(run.Batch), Text(run.Decode),
                Text(run.BatchDecode), Text(Results.Over(run.BatchDecode, run.Decode), "F2"));
    }

    private void WriteNeighbours()
    {
        Condition[] rows = [.. results.Conditions.Where(row => row.Busy > 0)];
        if (rows.Length == 0) return;
        List<string> programs = [.. results.Variants];
        if (results.HasPeer) programs.Add(Sample.Peer);
        text.Head("Decode beside busy neighbours, tokens/s", "model", "threads", "busy", "program", "alone, one thread",
            "beside them", "× alone, one thread");
        foreach (Condition row in rows)
        {
            foreach (string program in programs)
            {
                if (results.Best(program, row) is not { } run) continue;
                double alone = results.Best(program, row with { Threads = 1, Busy = 0 })?.Decode ?? 0;
                text.Row(Describe(row), Text(row.Threads), Text(row.Busy), program, Text(alone), Text(run.Decode),
                    Text(Results.Over(run.Decode, alone), "F2"));
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A dash for what was not measured.</summary>
    private static string Text(double number, string format = "F1") => number <= 0 ? "–"
        : format == "P0" ? (100 * number).ToString("F0", CultureInfo.InvariantCulture) + " %"
        : number.ToString(format, CultureInfo.InvariantCulture);
}
