using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Gguf;

namespace Engine;

/// <summary>Tells models apart: a saved session belongs to one.</summary>
internal static unsafe class ModelFingerprint
{
    // Fine-tuned twins have the same shapes, and often the same metadata; their weights differ everywhere.
    private const int TensorSample = 256;

    /// <summary>XXH128 of all metadata and of every tensor's name, type, shape and first bytes.</summary>
    public static UInt128 Of(GgufFile file)
    {
        var hash = new XxHash128();
        foreach (string key in file.Metadata.Keys)
        {
            GgufValue value = file.Metadata.GetRaw(key);
            Add(hash, key);
            Add(hash, (long)value.Type);
            Add(hash, (long)value.ElementType);
            Add(hash, value.Count);
            for (long done = 0; done < value.Bytes; done += 1 << 24)
                hash.Append(new ReadOnlySpan<byte>(value.Data + done, (int)Math.Min(1 << 24, value.Bytes - done)));
        }

        foreach (GgufTensor tensor in file.Tensors)
        {
            Add(hash, tensor.Name);
            Add(hash, (long)tensor.Type);
            foreach (long size in tensor.Dimensions) Add(hash, size);
            hash.Append(new ReadOnlySpan<byte>(tensor.Data, (int)Math.Min(TensorSample, tensor.Bytes)));
        }

        return hash.GetCurrentHashAsUInt128();
    }

    private static void Add(XxHash128 hash, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Add(hash, utf8.Length);
        hash.Append(utf8);
    }

    private static void Add(XxHash128 hash, long number) =>
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in number)));
}
