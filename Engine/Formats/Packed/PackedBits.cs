namespace Engine.Formats.Packed;

/// <summary>What changes within the bytes of a block when it is packed, beyond their order.</summary>
internal interface IPackedBits
{
    /// <summary>Corrects a block whose bytes were put in packed order.</summary>
    void Pack(ReadOnlySpan<byte> block, Span<byte> packed);

    /// <summary>Corrects a block whose bytes were put back in their order.</summary>
    void Unpack(ReadOnlySpan<byte> packed, Span<byte> block);
}

/// <summary>Q8_0: w + 128, as kernels of unsigned bytes want it.</summary>
internal sealed class RaisedBytes : IPackedBits
{
    public void Pack(ReadOnlySpan<byte> block, Span<byte> packed)
    {
        for (int i = 0; i < Q8_0Format.Elements; i++) packed[i] = (byte)(block[Q8_0Format.QuantsOffset + i] ^ 128);
    }

    public void Unpack(ReadOnlySpan<byte> packed, Span<byte> block)
    {
        for (int i = 0; i < Q8_0Format.Elements; i++) block[Q8_0Format.QuantsOffset + i] = (byte)(packed[i] ^ 128);
    }
}

/// <summary>Bits beside the quants in another order, so that constant shifts bring those of four elements to their
/// bytes.</summary>
/// <param name="blockOffset">Where the bytes are in the block.</param>
/// <param name="packedOffset">Where the first word is in the packed block.</param>
/// <param name="packedStride">Bytes from word to word there.</param>
/// <param name="bytes">Their number.</param>
/// <param name="source">(word, byte, bit) of the packed block to the index of the bit among the block's, from bit 0 of
/// their first byte on.</param>
internal class MovedBits(
    int blockOffset, int packedOffset, int packedStride, int bytes, Func<int, int, int, int> source) : IPackedBits
{
    private readonly int[] sources =
        [.. Enumerable.Range(0, 8 * bytes).Select(bit => source(bit / 32, bit / 8 % 4, bit % 8))];

    public virtual void Pack(ReadOnlySpan<byte> block, Span<byte> packed)
    {
        ReadOnlySpan<byte> bits = block.Slice(blockOffset, bytes);
        int[] from = sources;
        for (int i = 0, next = 0; i < bytes; i++)
        {
            int value = 0;
            for (int bit = 0; bit < 8; bit++, next++) value |= (bits[from[next] >> 3] >> (from[next] & 7) & 1) << bit;
            packed[Packed(i)] = (byte)value;
        }
    }

    public virtual void Unpack(ReadOnlySpan<byte> packed, Span<byte> block)
    {
        Span<byte> bits = block.Slice(blockOffset, bytes);
        bits.Clear();
        int[] from = sources;
        for (int i = 0, next = 0; i < bytes; i++)
        {
            int value = packed[Packed(i)];
            for (int bit = 0; bit < 8; bit++, next++)
                bits[from[next] >> 3] |= (byte)((value >> bit & 1) << (from[next] & 7));
        }
    }

    private int Packed(int i) => packedOffset + packedStride * (i / 4) + i % 4;
}

/// <summary>Q5_0 and Q5_1: bit 2c + n of byte j for element 16n + 4c + j.</summary>
internal sealed class FifthBits(int blockOffset, int packedOffset) : MovedBits(
    blockOffset, packedOffset, 4, 4, static (_, lane, bit) => 16 * (bit & 1) + 4 * (bit >> 1) + lane);

/// <summary>Q3_K: word 2 (2h + s) + c / 2 holds in bit 4 (c % 2) + k of byte j the third bit of element
/// 128h + 32k + 16s + 4c + j.</summary>
internal sealed class ThirdBits() : MovedBits(Q3_KFormat.HighBitsOffset, 8, 12, 32, static (word, lane, bit) =>
{
    int half = word >> 2, column = 2 * (word & 1) + (bit >> 2);
    return 8 * (16 * (word >> 1 & 1) + 4 * column + lane) + 4 * half + (bit & 3);
});

/// <summary>Six-bit scales and minimums of Q4_K and Q5_K: byte g = scale g with the upper bits of minimum g above it,
/// byte 8 + i = low nibbles of minimums 2i and 2i + 1.</summary>
internal sealed class SixBitScales(int blockOffset, int packedOffset) : IPackedBits
{
    public void Pack(ReadOnlySpan<byte> block, Span<byte> packed)
    {
        ReadOnlySpan<byte> source = block.Slice(blockOffset, PackedScales.Bytes);
        Span<byte> target = packed.Slice(packedOffset, PackedScales.Bytes);
        target.Clear();
        for (int g = 0; g < 8; g++)
        {
            int minimum = PackedScales.Minimum(source, g);
            target[g] = (byte)(PackedScales.Scale(source, g) | minimum >> 4 << 6);
            target[8 + g / 2] |= (byte)((minimum & 15) << g % 2 * 4);
        }
    }

    public void Unpack(ReadOnlySpan<byte> packed, Span<byte> block)
    {
        ReadOnlySpan<byte> source = packed.Slice(packedOffset, PackedScales.Bytes);
        Span<byte> target = block.Slice(blockOffset, PackedScales.Bytes);
        target.Clear();
        for (int g = 0; g < 8; g++)
        {
            int minimum = source[g] >> 6 << 4 | source[8 + g / 2] >> g % 2 * 4 & 15;
            PackedScales.Pack(target, g, source[g] & 63, minimum);
        }
    }
}

/// <summary>Q5_K: scales as in Q4_K; word 2p + h of the fifth bits holds bit 2c + n of byte j for element
/// 64p + 32n + 16h + 4c + j.</summary>
internal sealed class Q5_KBits() : MovedBits(Q5_KFormat.HighBitsOffset, 16, 20, 32, static (word, lane, bit) =>
    8 * (16 * (word & 1) + 4 * (bit >> 1) + lane) + 2 * (word >> 1) + (bit & 1))
{
    private readonly SixBitScales scales = new(Q5_KFormat.GroupScalesOffset, 160);

    public override void Pack(ReadOnlySpan<byte> block, Span<byte> packed)
    {
        base.Pack(block, packed);
        scales.Pack(block, packed);
    }

    public override void Unpack(ReadOnlySpan<byte> packed, Span<byte> block)
    {
        base.Unpack(packed, block);
        scales.Unpack(packed, block);
    }
}
