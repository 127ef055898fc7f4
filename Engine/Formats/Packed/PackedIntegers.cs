using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Formats.Packed;

/// <summary>Integer scales and minimums of a strip's block: byte i of 16 rows to 16 bytes for each scale.</summary>
internal static unsafe class PackedIntegers
{
    private const int Row = PackedLayout.Rows;

    /// <summary>Q6_K: 16 signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes(byte* packed, byte* integers)
    {
        for (int i = 0; i < 16; i++) Vector128.Store(Vector128.Load(packed + Row * i), integers + Row * i);
    }

    /// <summary>Q2_K: 16 scales in low, 16 minimums in high nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Nibbles(byte* packed, byte* integers)
    {
        for (int i = 0; i < 16; i++)
        {
            Vector128<byte> both = Vector128.Load(packed + Row * i);
            Bits(both, 0, 15).Store(integers + Row * i);
            Bits(both, 4, 15).Store(integers + Row * (16 + i));
        }
    }

    /// <summary>Q4_K and Q5_K: 8 scales and 8 minimums, see <see cref="SixBitScales"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SixBits(byte* packed, byte* integers)
    {
        for (int i = 0; i < 4; i++)
        {
            Vector128<byte> even = Vector128.Load(packed + Row * 2 * i);
            Vector128<byte> odd = Vector128.Load(packed + Row * (2 * i + 1));
            Vector128<byte> nibbles = Vector128.Load(packed + Row * (8 + i));
            Bits(even, 0, 63).Store(integers + Row * 2 * i);
            Bits(odd, 0, 63).Store(integers + Row * (2 * i + 1));
            (Bits(nibbles, 0, 15) | Bits(even, 2, 48)).Store(integers + Row * (8 + 2 * i));
            (Bits(nibbles, 4, 15) | Bits(odd, 2, 48)).Store(integers + Row * (8 + 2 * i + 1));
        }
    }

    /// <summary>Q3_K, see <see cref="Q3_KFormat.GroupScale"/>; the 32 is taken off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Q3_K(byte* packed, byte* integers)
    {
        Vector128<byte> raised = Vector128.Create((byte)32);
        for (int i = 0; i < 4; i++)
        {
            Vector128<byte> first = Vector128.Load(packed + Row * i), second = Vector128.Load(packed + Row * (4 + i));
            Vector128<byte> above = Vector128.Load(packed + Row * (8 + i));
            ((Bits(first, 0, 15) | Bits(above, -4, 48)) - raised).Store(integers + Row * i);
            ((Bits(second, 0, 15) | Bits(above, -2, 48)) - raised).Store(integers + Row * (4 + i));
            ((Bits(first, 4, 15) | Bits(above, 0, 48)) - raised).Store(integers + Row * (8 + i));
            ((Bits(second, 4, 15) | Bits(above, 2, 48)) - raised).Store(integers + Row * (12 + i));
        }
    }

    /// <summary>IQ4_XS, see <see cref="IQ4_XSFormat.GroupScale"/>; the 32 is taken off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IQ4_XS(byte* packed, byte* integers)
    {
        Vector128<byte> raised = Vector128.Create((byte)32);
        for (int i = 0; i < 2; i++)
        {
            Vector128<byte> above = Vector128.Load(packed + Row * i);
            Vector128<byte> first = Vector128.Load(packed + Row * (2 + 2 * i));
            Vector128<byte> second = Vector128.Load(packed + Row * (3 + 2 * i));
            byte* target = integers + Row * 4 * i;
            ((Bits(first, 0, 15) | Bits(above, -4, 48)) - raised).Store(target);
            ((Bits(first, 4, 15) | Bits(above, -2, 48)) - raised).Store(target + Row);
            ((Bits(second, 0, 15) | Bits(above, 0, 48)) - raised).Store(target + 2 * Row);
            ((Bits(second, 4, 15) | Bits(above, 2, 48)) - raised).Store(target + 3 * Row);
        }
    }

    /// <summary>(byte &gt;&gt; shift) &amp; mask; the mask drops what a wider shift brings in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Bits(Vector128<byte> value, int shift, byte mask)
    {
        Vector128<ushort> wide = value.AsUInt16();
        if (shift > 0) wide >>>= shift;
        if (shift < 0) wide <<= -shift;
        return wide.AsByte() & Vector128.Create(mask);
    }
}
