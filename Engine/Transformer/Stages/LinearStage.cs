using Engine.Kernels;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Up to three linear layers at once (q, k and v; gate and up): chunk = run of output features.</summary>
internal sealed unsafe class LinearStage(ForwardState state, TokenTileStage tiles, int workers) : IStage
{
    private readonly Job[] jobs = new Job[3];
    private int count;

    /// <summary>Chunks of all layers together.</summary>
    public int Chunks { get; private set; }

    /// <summary>Forgets the layers of the last stage.</summary>
    public LinearStage Reset()
    {
        count = 0;
        Chunks = 0;
        tiles.Reset();
        return this;
    }

    /// <summary>Adds a layer: output[t · stride + feature] for rows [first, first + rows) of the input.</summary>
    public LinearStage Add(Linear linear, ActivationBuffer input, int first, int rows, float* output, nint stride)
    {
        int chunkRows = linear.ChunkRows(workers, rows);
        ActivationView view = input.View(first, rows, linear.Weights.Columns);
        if (linear.Kernel.Tiles(rows) is { } form) view.Tiles = tiles.Add(view, form);
        jobs[count++] = new Job
        {
            Linear = linear,
            Input = view,
            Output = output,
            Stride = stride,
            ChunkRows = chunkRows,
            FirstChunk = Chunks,
        };
        Chunks += (int)(((long)linear.Rows + chunkRows - 1) / chunkRows);
        return this;
    }

    public void Run(int chunk, int worker)
    {
        int index = count - 1;
        while (jobs[index].FirstChunk > chunk) index--;
        ref Job job = ref jobs[index];
        int begin = (chunk - job.FirstChunk) * job.ChunkRows;
        int end = Math.Min(begin + job.ChunkRows, job.Linear.Rows);
        job.Linear.Kernel.Multiply(job.Linear.Weights, begin, end, job.Input, job.Output, job.Stride,
            state.Scratch(worker));
    }

    private struct Job
    {
        public Linear Linear;
        public ActivationView Input;
        public float* Output;
        public nint Stride;
        public int ChunkRows;
        public int FirstChunk;
    }
}
