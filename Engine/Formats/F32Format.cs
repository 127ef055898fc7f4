using System.Runtime.InteropServices;

namespace Engine.Formats;

/// <summary>IEEE 754 binary32, little-endian.</summary>
internal sealed class F32Format : WeightFormat
{
    public override WeightType Type => WeightType.F32;

    public override int BlockElements => 1;

    public override int BlockBytes => sizeof(float);

    public override bool CanEncode => true;

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        CountBlocks(blocks.Length, values.Length);
        MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values);
    }

    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        CountBlocks(blocks.Length, values.Length);
        MemoryMarshal.AsBytes(values).CopyTo(blocks);
    }
}
