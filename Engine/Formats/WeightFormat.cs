namespace Engine.Formats;

/// <summary>What the bytes of one weight type mean: block shape, decoding, encoding.</summary>
/// <remarks>One file per format derives from this; kernels never call it in a loop, they use the format's lanes.
/// </remarks>
internal abstract class WeightFormat
{
    /// <summary>GGUF type id.</summary>
    public abstract WeightType Type { get; }

    /// <summary>Name in GGUF's spelling, such as <c>Q4_K</c>.</summary>
    public virtual string Name => Type.ToString();

    /// <summary>Elements per block; a row is a whole number of blocks.</summary>
    public abstract int BlockElements { get; }

    /// <summary>Bytes per block.</summary>
    public abstract int BlockBytes { get; }

    /// <summary>True if <see cref="Encode"/> works.</summary>
    public virtual bool CanEncode => false;

    /// <summary>Decodes whole blocks, bit for bit as ggml's scalar reference does.</summary>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="values">Receives <see cref="BlockElements"/> floats per block.</param>
    public abstract void Decode(ReadOnlySpan<byte> blocks, Span<float> values);

    /// <summary>Encodes whole blocks.</summary>
    /// <exception cref="NotSupportedException">The format has no encoder.</exception>
    public virtual void Encode(ReadOnlySpan<float> values, Span<byte> blocks) =>
        throw new NotSupportedException($"{Name} has no encoder");

    /// <summary>Bytes of <paramref name="elements"/> elements, a multiple of <see cref="BlockElements"/>.</summary>
    public long BytesOf(long elements) => checked(elements / BlockElements * BlockBytes);

    /// <summary>Number of whole blocks in buffers that must agree.</summary>
    /// <exception cref="ArgumentException">The lengths are not whole blocks or do not agree.</exception>
    protected int CountBlocks(int bytes, int elements)
    {
        int count = Math.DivRem(bytes, BlockBytes, out int rest);
        if (rest == 0 && elements == (long)count * BlockElements) return count;
        throw new ArgumentException(
            $"{Name}: {bytes} bytes and {elements} elements are not whole blocks of {BlockBytes} and {BlockElements}");
    }
}
