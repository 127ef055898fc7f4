using Engine.Formats.Packed;
using Engine.Gguf;
using Engine.Transformer;
using Engine.Transformer.Architectures;

namespace Engine;

/// <summary>Rewrites models so that their matrices lie in the order in which kernels read them.</summary>
/// <remarks>docs/packing.md describes the layout. A packed file holds the same weights in the same size, is mapped like
/// any other and loads without work; only this engine reads it.</remarks>
public static class ModelPacker
{
    /// <summary>Writes the packed form of a model: to a temporary file beside it, flushed and renamed. Only one strip
    /// of rows is in memory at a time.</summary>
    /// <param name="path">A GGUF file; of a split model, its first part. The output is one file.</param>
    /// <param name="output">Path of the packed file.</param>
    /// <param name="overwrite">True to replace an existing output.</param>
    /// <param name="progress">Receives the bytes written of all tensors, and all; null = none.</param>
    /// <param name="cancellation">Stops and leaves nothing behind.</param>
    /// <exception cref="ModelFormatException">The file is damaged or of a kind that this engine does not know, or has
    /// scales that are not finite.</exception>
    /// <exception cref="InvalidOperationException">The file is packed already, or is the output itself.</exception>
    /// <exception cref="IOException">A file cannot be read or written, exists already, or does not fit.</exception>
    /// <exception cref="OperationCanceledException">Stopped through <paramref name="cancellation"/>.</exception>
    public static PackingResult Pack(string path, string output, bool overwrite = false,
        Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(output);
        using GgufFile file = GgufFile.Open(path);
        if (file.Metadata.Contains(PackedLayout.VersionKey) || file.Tensors.Any(tensor => tensor.IsPacked))
            throw new InvalidOperationException($"{path} is packed already");
        CheckOutput(path, file.PartCount, output, overwrite);
        HashSet<string> matrices = PackedWeights.FindMatrices(file, ArchitectureRegistry.Read(file.Metadata));
        var writer = new GgufWriter(PackedLayout.Alignment);
        foreach (string key in file.Metadata.Keys)
            if (key != "general.alignment" && !key.StartsWith("split.", StringComparison.Ordinal))
                writer.Add(file.Metadata, key);
        writer.Add(PackedLayout.VersionKey, PackedLayout.Version);
        var job = new Job(file.Tensors.Sum(tensor => tensor.Bytes), progress, cancellation);
        foreach (GgufTensor tensor in file.Tensors)
        {
            if (matrices.Contains(tensor.Name)) writer.AddPacked(tensor, stream => job.Pack(tensor, stream));
            else writer.AddTensor(tensor.Name, tensor.Type, [.. tensor.Dimensions], stream => job.Copy(tensor, stream));
        }

        CheckSpace(output, file.Bytes);
        writer.Save(output);
        GgufTensor[] packed = [.. file.Tensors.Where(tensor => matrices.Contains(tensor.Name))];
        return new PackingResult(file.Tensors.Count, packed.Length, packed.Sum(tensor => tensor.Bytes),
            new FileInfo(output).Length);
    }

    private static void CheckOutput(string path, int parts, string output, bool overwrite)
    {
        if (Directory.Exists(output)) throw new IOException($"{output} is a directory, expected a file");
        string folder = Path.GetDirectoryName(Path.GetFullPath(output)) ?? "/";
        if (!Directory.Exists(folder)) throw new IOException($"{output}: there is no folder {folder}");
        string target = Resolve(output);
        bool own = target == Resolve(path);
        if (parts > 1 && GgufSplit.TryParse(path, out string prefix, out _, out int count))
            for (int part = 0; part < count; part++) own |= target == Resolve(GgufSplit.NameOf(prefix, part, count));
        if (own) throw new InvalidOperationException($"{output} is the model itself; name another file");
        if (File.Exists(output) && !overwrite) throw new IOException($"{output} exists already");
    }

    private static string Resolve(string path) =>
        File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path)
            : Path.GetFullPath(path);

    /// <summary>A model that cannot fit is refused at once, not after minutes.</summary>
    private static void CheckSpace(string output, long bytes)
    {
        long available;
        try
        {
            available = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(output)) ?? "/").AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return; // Nobody knows: then writing will tell.
        }

        if (available < bytes)
            throw new IOException($"{output}: expected {bytes} bytes of free space, found {available}");
    }

    /// <summary>Writes tensors and counts what is done.</summary>
    private sealed unsafe class Job(long total, Action<long, long>? progress, CancellationToken cancellation)
    {
        private const int Step = 1 << 22;

        private byte[] strip = [];
        private long done;

        public void Copy(GgufTensor tensor, Stream stream) => Copy(tensor, 0, stream);

        public void Pack(GgufTensor tensor, Stream stream)
        {
            PackedLayout layout = PackedLayout.Find(tensor.Type)!;
            long strips = tensor.Dimensions[1] / PackedLayout.Rows;
            int bytes = checked((int)(tensor.Bytes / tensor.Dimensions[1]) * PackedLayout.Rows);
            if (strip.Length < bytes) strip = new byte[bytes];
            for (long i = 0; i < strips; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var rows = new ReadOnlySpan<byte>(tensor.Data + i * bytes, bytes);
                if (!layout.HasFiniteScales(rows))
                    throw new ModelFormatException($"tensor {tensor.Name}: expected finite scales, found another in"
                        + $" rows {i * PackedLayout.Rows} to {(i + 1) * PackedLayout.Rows - 1}; it cannot be packed");
                layout.Pack(rows, strip.AsSpan(0, bytes));
                stream.Write(strip, 0, bytes);
                Advance(bytes);
            }

            Copy(tensor, strips * bytes, stream);
        }

        private void Copy(GgufTensor tensor, long from, Stream stream)
        {
            for (; from < tensor.Bytes; from += Step)
            {
                cancellation.ThrowIfCancellationRequested();
                int length = (int)Math.Min(Step, tensor.Bytes - from);
                stream.Write(new ReadOnlySpan<byte>(tensor.Data + from, length));
                Advance(length);
            }
        }

        private void Advance(int bytes)
        {
            done += bytes;
            progress?.Invoke(done, total);
        }
    }
}
