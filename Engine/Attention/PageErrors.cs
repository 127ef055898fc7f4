using Engine.Memory;

namespace Engine.Attention;

/// <summary>What page selection costs: the outputs and log-sum-exps of the chosen pages against those of all.</summary>
internal sealed unsafe class PageErrors : IDisposable
{
    private readonly AlignedBuffer<float> memory;
    private readonly Sums[] sums;
    private readonly int outputs;
    private readonly int heads;

    /// <summary>Reserves memory.</summary>
    /// <param name="workers">Workers that measure at once.</param>
    /// <param name="heads">Most query heads of a KV head.</param>
    /// <param name="valueDimension">Elements of an output head.</param>
    public PageErrors(int workers, int heads, int valueDimension)
    {
        this.heads = heads;
        outputs = heads * valueDimension;
        memory = new AlignedBuffer<float>((nint)workers * (outputs + (2 * heads)));
        sums = new Sums[workers];
    }

    /// <summary>‖output − exact‖ / ‖exact‖ over all heads, layers and tokens measured.</summary>
    public double OutputError => Total(s => s.Exact) > 0
        ? Math.Sqrt(Total(s => s.Difference) / Total(s => s.Exact)) : 0;

    /// <summary>Mean |log-sum-exp − exact|.</summary>
    public double LogSumExpError => Total(s => s.Outputs) > 0
        ? Total(s => s.LogSumExp) / Total(s => s.Outputs) : 0;

    /// <summary>Part of the slots that was read.</summary>
    public double SlotsRead => Total(s => s.Slots) > 0 ? Total(s => s.Read) / Total(s => s.Slots) : 1;

    /// <summary>Computes both and leaves the output of the chosen pages.</summary>
    public void Attend(ExactAttention attention, AttentionTask exact, AttentionTask chosen, int worker, byte* scratch)
    {
        float* output = memory.Pointer + ((nint)worker * (outputs + (2 * heads)));
        float* exactLog = output + outputs, chosenLog = exactLog + heads;
        exact.Output = output;
        exact.OutputHeadStride = exact.ValueDimension;
        exact.LogSumExp = exactLog;
        attention.Attend(exact, scratch);
        chosen.LogSumExp = chosenLog;
        attention.Attend(chosen, scratch);
        ref Sums s = ref sums[worker];
        for (int head = 0; head < exact.GroupHeads; head++)
        {
            for (int k = 0; k < exact.ValueDimension; k++)
            {
                double wanted = output[(head * exact.ValueDimension) + k];
                double difference = chosen.Output[(head * chosen.OutputHeadStride) + k] - wanted;
                s.Difference += difference * difference;
                s.Exact += wanted * wanted;
            }

            s.LogSumExp += Math.Abs(chosenLog[head] - exactLog[head]);
            s.Outputs++;
        }

        s.Slots += exact.First.Count + exact.Second.Count;
        for (int i = 0; i < chosen.MoreCount; i++) s.Read += chosen.More[i].Count;
    }

    public void Dispose() => memory.Dispose();

    private double Total(Func<Sums, double> part)
    {
        double total = 0;
        foreach (Sums s in sums) total += part(s);
        return total;
    }

    private struct Sums
    {
        public double Difference, Exact, LogSumExp, Outputs, Slots, Read;
    }
}
