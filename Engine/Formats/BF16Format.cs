using System.Buffers.Binary;
using Engine.Memory;

namespace Engine.Formats;

/// <summary>bfloat16: the upper half of a binary32, little-endian.</summary>
internal sealed class BF16Format : WeightFormat
{
    public override WeightType Type => WeightType.BF16;

    public override int BlockElements => 1;

    public override int BlockBytes => 2;

    public override bool CanEncode => true;

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        CountBlocks(blocks.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            values[i] = HalfConversion.BFloat16ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(blocks[(2 * i)..]));
    }

    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        CountBlocks(blocks.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(blocks[(2 * i)..], HalfConversion.BFloat16FromSingle(values[i]));
    }
}
