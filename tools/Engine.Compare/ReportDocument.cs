using Engine.Reports;

namespace Engine.Compare;

/// <summary>The results in a Markdown document.</summary>
internal static class ReportDocument
{
    /// <summary>Writes tables and charts of a section.</summary>
    /// <param name="path">The document; it is created if it is not there.</param>
    /// <param name="section">Name of the section.</param>
    /// <param name="results">What was measured.</param>
    public static void Write(string path, string section, Results results)
    {
        var document = new MeasuredSection(path, section);
        string charts = "";
        foreach ((string name, RatioChart chart) in Charts(section, results))
        {
            if (chart.IsEmpty) continue;
            charts += document.AddPicture(name, $"{name} against {Sample.Peer}", chart.Draw());
        }

        document.Write(charts + new Tables(results).Write(), newDocument: "# Performance\n");
    }

    private static IEnumerable<(string Name, RatioChart Chart)> Charts(string section, Results results)
    {
        var decode = new RatioChart($"{section}: decode", "all of the memory bandwidth");
        var prefill = new RatioChart($"{section}: prefill", "peak of the multipliers");
        foreach (Condition row in results.Conditions.Where(row => row.Busy == 0))
        {
            if (results.Best(Sample.Peer, row) is not { } peer) continue;
            string group = $"{Tables.Describe(row)}, {row.Threads} thread{(row.Threads == 1 ? "" : "s")}";
            foreach (string variant in results.Variants)
            {
                if (results.Best(variant, row) is not { } run) continue;
                decode.Add(group, variant, run.Decode, peer.Decode,
                    Results.Over(run.Decode, results.BandwidthFraction(run)));
                prefill.Add(group, variant, run.Prefill, peer.Prefill,
                    Results.Over(run.Prefill, results.PeakFraction(run)));
            }
        }

        return [("decode", decode), ("prefill", prefill)];
    }
}
