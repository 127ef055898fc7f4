using System.Globalization;
using Engine.Cli;

namespace Engine.Compare;

/// <summary>Runs the programs in turn, round after round: the machine drifts, and neighbours come and go, so that only
/// figures of the same minutes can be compared.</summary>
internal sealed class Alternation(Plan plan, Action<Sample> record, Action<string> report)
{
    /// <summary>Measures everything.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        for (int round = 0; round < plan.Rounds; round++)
        {
            foreach (ModelFile model in plan.Models)
            {
                await MeasureLimitsAsync(round, cancellation).ConfigureAwait(false);
                foreach (Condition condition in plan.Conditions(model))
                    await MeasureAsync(model, condition, round, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task MeasureLimitsAsync(int round, CancellationToken cancellation)
    {
        if (plan.Limits is null) return;
        foreach (EngineVariant variant in plan.Variants.DistinctBy(variant => variant.Switches))
        {
            string lines = await new ExternalProgram(plan.Limits, variant.Environment)
                .RunAsync(["--threads", string.Join(',', plan.Threads)], cancellation).ConfigureAwait(false);
            foreach (Sample sample in Sample.OfLimits(lines))
            {
                record(sample with { Switches = variant.Switches, Round = round });
                report($"round {round + 1}: limits of {sample.Threads} threads {variant.Switches}: "
                    + $"{sample.Read} GB/s, {sample.Int8} and {sample.Int4} and {sample.F32} GMAC/s");
            }
        }
    }

    private async Task MeasureAsync(ModelFile model, Condition condition, int round, CancellationToken cancellation)
    {
        // Nobody is always the first after the limits, or always behind the same other one.
        int programs = plan.Variants.Count + (plan.Peer is null ? 0 : 1);
        for (int i = 0; i < programs; i++)
        {
            int index = (i + round) % programs;
            using var neighbours = new BusyThreads(condition.Busy);
            Sample sample = index < plan.Variants.Count
                ? await RunEngineAsync(plan.Variants[index], model, condition, cancellation).ConfigureAwait(false)
                : await RunPeerAsync(model, condition, cancellation).ConfigureAwait(false);
            record(sample with
            {
                Round = round,
                Model = condition.Model,
                Threads = condition.Threads,
                Depth = condition.Depth,
                Busy = condition.Busy,
                PrefillTokens = plan.Prefill,
            });
            report($"round {round + 1}: {sample.Program}, {model.Name}, {condition.Threads} threads, depth "
                + $"{condition.Depth}, {condition.Busy} busy: {sample.Prefill:F1} and {sample.Decode:F1} tokens/s");
        }
    }

    private async Task<Sample> RunEngineAsync(EngineVariant variant, ModelFile model, Condition condition,
        CancellationToken cancellation)
    {
        List<string> arguments =
        [
            "bench", model.Path, "--json", "--bandwidth", "--repetitions", Text(plan.Repetitions),
            "--threads", Text(condition.Threads), "--depth", Text(condition.Depth),
            "--decode", Text(plan.Decode), "--prefill", Text(PrefillOf(condition)),
        ];
        if (plan.Batch > 0 && condition.Busy == 0) arguments.AddRange(["--batch", Text(plan.Batch)]);
        string json = await new ExternalProgram(variant.Path, variant.Environment).RunAsync(arguments, cancellation)
            .ConfigureAwait(false);
        return Sample.OfEngine(json) with { Program = variant.Label, Switches = variant.Switches };
    }

    private async Task<Sample> RunPeerAsync(ModelFile model, Condition condition, CancellationToken cancellation) =>
        Sample.OfPeer(await new ExternalProgram(plan.Peer!).RunAsync(
            [
                "bench", model.Path, "--reps", Text(plan.Repetitions), "--threads", Text(condition.Threads),
                "--depth", Text(condition.Depth), "--tg", Text(plan.Decode), "--pp", Text(PrefillOf(condition)),
            ],
            cancellation).ConfigureAwait(false));

    /// <summary>A neighbour is a question to decoding alone.</summary>
    private int PrefillOf(Condition condition) => condition.Busy > 0 ? 0 : plan.Prefill;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
