using System.Text.Json;
using Engine.Cli;

namespace Engine.LongText;

/// <summary>The results for machines.</summary>
internal static class LongTextJson
{
    public static void Write(ICliConsole console, LongTextResults results) => JsonResult.Write(console, writer =>
    {
        writer.WriteString("model", results.First.Model);
        writer.WriteString("text", results.First.Text);
        writer.WriteNumber("tokens", results.First.Tokens);
        writer.WriteStartArray("settings");
        foreach (ResultRow row in results.Rows)
        {
            writer.WriteStartObject();
            writer.WriteString("series", row.Series);
            writer.WriteString("setting", row.Sample.Setting);
            writer.WriteNumber("heads", row.Sample.Heads);
            writer.WriteNumber("all_heads", row.Sample.AllHeads);
            JsonResult.Number(writer, "layers", row.Layers);
            JsonResult.Number(writer, "keys_per_query", row.Sample.KeysPerQuery);
            JsonResult.Number(writer, "nll", row.Nll);
            JsonResult.Number(writer, "perplexity", row.Perplexity);
            JsonResult.Number(writer, "perplexity_change", results.Change(row));
            JsonResult.Number(writer, "perplexity_change_spread", results.Spread(row));
            writer.WriteNumber("seeds", row.Seeds);
            writer.WriteStartArray("times");
            foreach (int threads in results.Threads) WriteTimes(writer, results, row, threads);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static void WriteTimes(Utf8JsonWriter writer, LongTextResults results, ResultRow row, int threads)
    {
        if (row[threads].Prefill <= 0) return;
        writer.WriteStartObject();
        writer.WriteNumber("threads", threads);
        writer.WriteNumber("attention_seconds", row[threads].Attention);
        writer.WriteNumber("prefill_seconds", row[threads].Prefill);
        JsonResult.Number(writer, "attention_speedup", results.Speedup(row, threads, timing => timing.Attention));
        JsonResult.Number(writer, "prefill_speedup", results.Speedup(row, threads, timing => timing.Prefill));
        writer.WriteEndObject();
    }
}
