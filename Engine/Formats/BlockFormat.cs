using System.Buffers.Binary;
using Engine.Memory;

namespace Engine.Formats;

/// <summary>A format whose rows are independent blocks: the derived class says what one block means.</summary>
/// <remarks>Floats are computed in the order of ggml's scalar reference, because the order decides the last bit; the
/// shared vectors of every type check it. Nothing here allocates, so a kernel without a lane cell may decode rows.
/// </remarks>
internal abstract class BlockFormat : WeightFormat
{
    /// <inheritdoc/>
    public sealed override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = CountBlocks(blocks.Length, values.Length);
        for (int i = 0; i < count; i++)
            DecodeBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    /// <inheritdoc/>
    public sealed override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        if (!CanEncode) base.Encode(values, blocks);
        int count = CountBlocks(blocks.Length, values.Length);
        for (int i = 0; i < count; i++)
        {
            Span<byte> block = blocks.Slice(i * BlockBytes, BlockBytes);
            block.Clear();
            EncodeBlock(values.Slice(i * BlockElements, BlockElements), block);
        }
    }

    /// <summary>Decodes one block of exactly <see cref="WeightFormat.BlockBytes"/> bytes.</summary>
    protected abstract void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>Encodes one block into zeroed bytes.</summary>
    protected virtual void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block) => base.Encode(values, block);

    /// <summary>The binary16 at a byte offset.</summary>
    protected static float ReadHalf(ReadOnlySpan<byte> block, int offset) =>
        HalfConversion.ToSingle(ReadUInt16(block, offset));

    /// <summary>Stores a binary16 and returns the value it decodes to.</summary>
    protected static float WriteHalf(Span<byte> block, int offset, float value)
    {
        ushort bits = HalfConversion.FromSingle(value);
        BinaryPrimitives.WriteUInt16LittleEndian(block[offset..], bits);
        return HalfConversion.ToSingle(bits);
    }

    protected static ushort ReadUInt16(ReadOnlySpan<byte> block, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(block[offset..]);

    protected static uint ReadUInt32(ReadOnlySpan<byte> block, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(block[offset..]);
}
