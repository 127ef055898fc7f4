using Engine.Formats.Packed;
using Engine.Gguf;
using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;
using Engine.Threading;

namespace Engine.Transformer;

/// <summary>Matrices of a model that were brought into the order of the kernels while it was loaded: the copies in
/// memory that are used instead of the file's.</summary>
/// <remarks>The file is read, not touched where it is mapped, so that of a matrix only the copy is resident.</remarks>
internal sealed unsafe class PackedWeights : IDisposable
{
    private readonly HugeBuffer memory;
    private readonly Dictionary<string, GgufTensor> tensors = [];

    private PackedWeights(long bytes) => memory = new HugeBuffer(bytes);

    /// <summary>Bytes of all copies.</summary>
    public long Bytes { get; private set; }

    /// <summary>Packs what the model multiplies with, on all threads.</summary>
    /// <param name="file">The model.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="threads">Threads that work, the caller's included.</param>
    /// <param name="progress">Receives bytes done and all bytes, one call at a time; null = none.</param>
    /// <returns>Null if it does not pay: nothing can be packed, or the copies would take more than half of the memory
    /// that the process may have.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PackedWeights? TryCreate(GgufFile file, ModelConfig config, int threads,
        Action<long, long>? progress)
    {
        HashSet<string> names = FindMatrices(file, config);
        GgufTensor[] sources = [.. file.Tensors.Where(tensor => !tensor.IsPacked && names.Contains(tensor.Name))];
        long bytes = sources.Sum(tensor => Aligned(tensor.Bytes));
        if (bytes == 0 || bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2) return null;
        var packed = new PackedWeights(bytes);
        try
        {
            packed.Fill(file, sources, threads, progress);
            return packed;
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    /// <summary>Names of the matrices that kernels multiply with, of a type and shape that can be packed.</summary>
    public static HashSet<string> FindMatrices(GgufFile file, ModelConfig config)
    {
        using var weights = new ModelWeights(file, config, KernelSet.For(InstructionSet.Scalar));
        var names = new HashSet<string>();
        var cut = new HashSet<string>();
        foreach (Linear linear in weights.Layers.SelectMany(layer => layer.Linears).Append(weights.Output))
        {
            file.TryGetTensor(linear.Name, out GgufTensor? tensor);
            if (tensor!.Dimensions.Count != 2 || tensor.Dimensions[1] < PackedLayout.Rows) continue;
            if (PackedLayout.Find(tensor.Type) is null) continue;
            names.Add(linear.Name);
            // A part of a fused tensor that would cut through a strip leaves the tensor as it is.
            if (!Linear.IsWhole(linear.FirstRow, linear.Rows, (int)tensor.Dimensions[1])) cut.Add(linear.Name);
        }

        names.ExceptWith(cut);
        return names;
    }

    /// <summary>The copy of a tensor; null if it is not packed.</summary>
    public GgufTensor? Find(string name) => tensors.GetValueOrDefault(name);

    public void Dispose() => memory.Dispose();

    private static long Aligned(long bytes) => (bytes + PackedLayout.Alignment - 1) & -(long)PackedLayout.Alignment;

    private void Fill(GgufFile file, GgufTensor[] sources, int threads, Action<long, long>? progress)
    {
        using var job = new Job(file, sources, memory.Pointer, threads, progress);
        using (var team = new WorkerTeam(threads))
        {
            team.Enter();
            team.Run(job, job.Chunks);
            team.Leave();
        }

        for (int i = 0; i < sources.Length; i++)
        {
            // Packed kernels convert finite scales only: a tensor with another stays as it is in the file.
            if (job.IsRefused(i)) continue;
            GgufTensor source = sources[i];
            tensors.Add(source.Name, new GgufTensor(source.Name, source.Type, [.. source.Dimensions], job.Target(i),
                source.Bytes, isPacked: true));
            Bytes += source.Bytes;
        }
    }

    /// <summary>Some strips of one tensor at a time: read, checked, packed.</summary>
    private sealed class Job : IStage, IDisposable
    {
        private const int ChunkBytes = 1 << 19;

        private readonly GgufFile file;
        private readonly GgufTensor[] sources;
        private readonly nint[] targets;
        private readonly bool[] refused;
        private readonly List<(int Tensor, long Begin, long End)> chunks = [];
        private readonly AlignedBuffer<byte> scratch;
        private readonly int scratchBytes;
        private readonly Action<long, long>? progress;
        private readonly Lock gate = new();
        private readonly long total;
        private long done;

        public Job(GgufFile file, GgufTensor[] sources, byte* memory, int threads, Action<long, long>? progress)
        {
            this.file = file;
            this.sources = sources;
            this.progress = progress;
            targets = new nint[sources.Length];
            refused = new bool[sources.Length];
            total = sources.Sum(tensor => tensor.Bytes);
            long largest = 0;
            for (int i = 0; i < sources.Length; i++)
            {
                targets[i] = (nint)memory;
                memory += Aligned(sources[i].Bytes);
                long strip = StripBytes(sources[i]), step = Math.Max(ChunkBytes / strip, 1) * strip;
                for (long begin = 0; begin < sources[i].Bytes; begin += step)
                    chunks.Add((i, begin, Math.Min(begin + step, sources[i].Bytes)));
                largest = Math.Max(largest, step);
            }

            scratchBytes = checked((int)largest);
            scratch = new AlignedBuffer<byte>((nint)largest * threads);
        }

        public int Chunks => chunks.Count;

        public void Dispose() => scratch.Dispose();

        public byte* Target(int tensor) => (byte*)targets[tensor];

        public bool IsRefused(int tensor) => Volatile.Read(ref refused[tensor]);

        public void Run(int chunk, int worker)
        {
            (int index, long begin, long end) = chunks[chunk];
            if (!IsRefused(index)) Pack(index, begin, scratch.Slice((nint)worker * scratchBytes, (int)(end - begin)));
            if (progress is null) return;
            lock (gate)
            {
                done += end - begin;
                progress(done, total);
            }
        }

        private void Pack(int index, long begin, Span<byte> rows)
        {
            PackedLayout layout = PackedLayout.Find(sources[index].Type)!;
            file.Read(sources[index], begin, rows);
            int strip = (int)StripBytes(sources[index]);
            byte* target = Target(index) + begin;
            for (; rows.Length >= strip; rows = rows[strip..], target += strip)
            {
                if (!layout.HasFiniteScales(rows[..strip])) Volatile.Write(ref refused[index], true);
                layout.Pack(rows[..strip], new Span<byte>(target, strip));
            }

            // Rows beyond the last whole strip stay in their order.
            rows.CopyTo(new Span<byte>(target, rows.Length));
        }

        private static long StripBytes(GgufTensor tensor) =>
            checked(tensor.Bytes / tensor.Dimensions[1] * PackedLayout.Rows);
    }
}
