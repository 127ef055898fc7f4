using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of IQ4_XS: d, 8 packed scales of 6 bits, then codebook nibbles as in IQ4_NL.</summary>
internal readonly unsafe struct IQ4_XSLanes : ISuperBlockLanes
{
    public static WeightType Type => WeightType.IQ4_XS;

    public static int BlockBytes => 136;

    public static int GroupElements => 32;

    public static bool Signed => true;

    public static int Offset => 0;

    public static int Largest => 127;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* block, out Vector128<short> low, out Vector128<short> high)
    {
        // Nibbles, and the bit pairs above them, spread to a byte each by halving steps.
        ulong above = *(ushort*)(block + 2), scales = *(uint*)(block + 4);
        above = (above | above << 24) & 0x000000FF000000FF;
        above = (above | above << 12) & 0x000F000F000F000F;
        above = (above | above << 6) & 0x0303030303030303;
        scales = (scales | scales << 16) & 0x0000FFFF0000FFFF;
        scales = (scales | scales << 8) & 0x00FF00FF00FF00FF;
        scales = (scales | scales << 4) & 0x0F0F0F0F0F0F0F0F;
        scales |= above << 4;
        PackedScaleLanes.Twice(scales, out low, out high);
        low -= Vector128.Create((short)32);
        high -= Vector128.Create((short)32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Minimums(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        low = high = Vector128<short>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block, int part)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct =>
        TWords.Lookup(TWords.LoadNibbles(block + 8 + 16 * part), NonlinearCodebook.Signed);
}
