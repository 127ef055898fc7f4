using Engine.Kernels;
using Engine.Memory;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Brings the rows of many tokens into the order that the next linear layers read: chunk = tile of tokens.
/// </summary>
internal sealed unsafe class TokenTileStage : IStage, IDisposable
{
    private readonly AlignedBuffer<byte>[] buffers;
    private readonly Job[] jobs;
    private int count;

    /// <summary>Reserves room for steps of <paramref name="rows"/> rows.</summary>
    public TokenTileStage(ModelWeights weights, int rows)
    {
        // Up to three layers share a step; where their forms differ, each has its own, and all but down and output
        // projections read rows of the embedding's width.
        long largest = 0, projections = 0;
        foreach (Linear linear in weights.Layers.SelectMany(layer => layer.Linears).Append(weights.Output))
            largest = Math.Max(largest, Bytes(linear, rows));
        foreach (LayerWeights layer in weights.Layers)
            foreach (Linear? linear in new[] { layer.Query, layer.Key, layer.Value, layer.Gate, layer.Up })
                if (linear is not null) projections = Math.Max(projections, Bytes(linear, rows));
        buffers = [new((nint)largest), new((nint)projections), new((nint)projections)];
        jobs = new Job[buffers.Length];
    }

    /// <summary>Tiles of all forms together.</summary>
    public int Chunks { get; private set; }

    /// <summary>Forgets the rows of the last stage.</summary>
    public void Reset()
    {
        count = 0;
        Chunks = 0;
    }

    /// <summary>Has rows brought into a kernel's form, unless that is asked for already; where they will be.</summary>
    public byte* Add(in ActivationView input, TokenTiles tiles)
    {
        for (int i = 0; i < count; i++)
            if (jobs[i].Input.Values == input.Values && jobs[i].Tiles.IsLike(tiles)) return jobs[i].Target;
        jobs[count] = new Job
        {
            Input = input,
            Tiles = tiles,
            Target = buffers[count].Pointer,
            TileBytes = tiles.TileBytes(input.Columns),
            FirstChunk = Chunks,
        };
        Chunks += tiles.Count(input.Rows);
        return jobs[count++].Target;
    }

    public void Run(int chunk, int worker)
    {
        int index = count - 1;
        while (jobs[index].FirstChunk > chunk) index--;
        ref Job job = ref jobs[index];
        int tile = chunk - job.FirstChunk;
        job.Tiles.Write(job.Input, tile, job.Target + tile * job.TileBytes);
    }

    public void Dispose()
    {
        foreach (AlignedBuffer<byte> buffer in buffers) buffer.Dispose();
    }

    /// <summary>Room for any number of rows up to the given one.</summary>
    private static long Bytes(Linear linear, int rows)
    {
        long largest = 0;
        foreach (int count in new[] { Math.Min(rows, ForwardPass.IndependentRows), rows })
            if (linear.Kernel.Tiles(count) is { } tiles)
                largest = Math.Max(largest, (long)tiles.Count(count) * tiles.TileBytes(linear.Weights.Columns));
        return largest;
    }

    private struct Job
    {
        public ActivationView Input;
        public TokenTiles Tiles;
        public byte* Target;
        public nint TileBytes;
        public int FirstChunk;
    }
}
