using System.Diagnostics;
using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Threading;

namespace Engine.Transformer;

/// <summary>Time of the parts of HyperAttention: means and ranks, exact parts, orders and packed samples, nodes,
/// outputs.</summary>
internal readonly record struct LayerTimes(TimeSpan Ranking, TimeSpan Exact, TimeSpan Sorting, TimeSpan Nodes,
    TimeSpan Output)
{
    public TimeSpan Total => Ranking + Exact + Sorting + Nodes + Output;
}

/// <summary>One head of attention over a whole call, by several workers: what a measurement of a single layer runs.
/// </summary>
internal sealed class AttentionLayerRun(WorkerTeam team)
{
    private readonly HyperStage hyperStage = new();
    private readonly ExactStage exactStage = new();

    /// <summary>Where the time of the runs so far went.</summary>
    public LayerTimes Times { get; set; }

    /// <summary>HyperAttention, phase after phase.</summary>
    /// <param name="layer">A call whose memory is given.</param>
    /// <param name="progress">Told after each phase.</param>
    public void RunHyper(HyperLayer layer, Action? progress = null)
    {
        team.Enter();
        try
        {
            for (int phase = 0; phase < layer.Phases; phase++)
            {
                hyperStage.Layer = layer;
                hyperStage.Phase = phase;
                long begin = Stopwatch.GetTimestamp();
                int chunks = layer.BeginPhase(phase);
                bool isNode = phase > 1 && phase < layer.Phases - 1;
                if (isNode) Times = Times with { Sorting = Times.Sorting + Stopwatch.GetElapsedTime(begin) };
                begin = isNode ? Stopwatch.GetTimestamp() : begin;
                team.Run(hyperStage, chunks);
                TimeSpan time = Stopwatch.GetElapsedTime(begin);
                Times = isNode ? Times with { Nodes = Times.Nodes + time }
                    : phase == 0 ? Times with { Ranking = Times.Ranking + time }
                    : phase == 1 ? Times with { Exact = Times.Exact + time }
                    : Times with { Output = Times.Output + time };
                progress?.Invoke();
            }
        }
        finally
        {
            team.Leave();
        }
    }

    /// <summary>Exact attention of rows [first, end), in tasks of the kernel's tile.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="whole">The task of all rows.</param>
    /// <param name="first">First row.</param>
    /// <param name="end">End of the rows.</param>
    /// <param name="scratch">Scratch of each worker.</param>
    public void RunExact(ExactAttention kernel, in AttentionTask whole, int first, int end,
        Memory.AlignedBuffer<byte>[] scratch)
    {
        exactStage.Set(kernel, whole, first, end, scratch);
        team.Enter();
        try
        {
            team.Run(exactStage, (end - first + kernel.RowTile - 1) / kernel.RowTile);
        }
        finally
        {
            team.Leave();
        }
    }

    private sealed class HyperStage : IStage
    {
        public HyperLayer Layer { get; set; } = null!;

        public int Phase { get; set; }

        public void Run(int chunk, int worker) => Layer.Run(Phase, chunk, worker);
    }

    private sealed unsafe class ExactStage : IStage
    {
        private ExactAttention kernel = null!;
        private Memory.AlignedBuffer<byte>[] scratch = null!;
        private AttentionTask whole;
        private int firstRow, endRow;

        public void Set(ExactAttention with, in AttentionTask task, int first, int end,
            Memory.AlignedBuffer<byte>[] memory)
        {
            (kernel, whole, firstRow, endRow, scratch) = (with, task, first, end, memory);
        }

        public void Run(int chunk, int worker)
        {
            int row = firstRow + (chunk * kernel.RowTile);
            AttentionTask task = whole;
            task.Rows = Math.Min(kernel.RowTile, endRow - row);
            task.Query += row * task.QueryRowStride;
            task.Positions += row;
            task.Output += row * task.OutputRowStride;
            if (task.LogSumExp != null) task.LogSumExp += row * task.GroupHeads;
            kernel.Attend(task, scratch[worker].Pointer);
        }
    }
}
