using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Super-blocks of 256 as tiles.</summary>
internal readonly unsafe struct SuperBlockTileSource<TFormat, TWords, TB, TI, TF, TRoute> : ITileSource
    where TFormat : struct, ISuperBlockLanes
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
    where TRoute : struct, ITileRoute
{
    public static ActivationKinds Input => ActivationKinds.Group256;

    public static int BlockBytes => TFormat.BlockBytes;

    public static int GroupElements => 256;

    public static int SegmentQuads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.SegmentQuads(TFormat.Signed, TFormat.Largest, TFormat.GroupElements);
    }

    public static int Planes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.Planes(TFormat.Signed);
    }

    public static int PanelOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.Offset(TFormat.Signed, TFormat.Offset);
    }

    public static int InterleavedRows => TWords.InterleavedRows;

    public static bool Scaled => true;

    public static bool HasMinimum => TFormat.HasMinimum;

    public static int MinimumElements => TFormat.GroupElements;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, int part, byte* lanes)
    {
        int shift = TilePanel<TRoute>.Shift(TFormat.Signed, TFormat.Offset);
        TB unpacked = Part(block, part);
        if (shift != 0) unpacked = TWords.Subtract(unpacked, (byte)shift);
        if (Planes == 1)
        {
            TWords.Store(unpacked, lanes);
            return;
        }

        TWords.Store(TWords.Bits(unpacked, 0, 15), lanes);
        TWords.Store(TWords.Bits(unpacked, 4, 15), lanes + 32 * InterleavedRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(byte* lanes, byte* target, nint lineBytes) =>
        TWords.Interleave(lanes, target, lineBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Integers(byte* block, short* scales, short* minimums)
    {
        TFormat.Scales(block, out Vector128<short> low, out Vector128<short> high);
        low.Store(scales);
        high.Store(scales + 8);
        TFormat.Minimums(block, out low, out high);
        low.Store(minimums);
        high.Store(minimums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => ScaleTables.Half[TFormat.ScaleIndex(block)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Minimum(byte* block) => -ScaleTables.Half[TFormat.MinimumIndex(block)];

    /// <summary>Lanes of a part known at run time: lanes have constant shifts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TB Part(byte* block, int part) => part switch
    {
        0 => TFormat.Load<TWords, TB, TI, TF>(block, 0),
        1 => TFormat.Load<TWords, TB, TI, TF>(block, 1),
        2 => TFormat.Load<TWords, TB, TI, TF>(block, 2),
        3 => TFormat.Load<TWords, TB, TI, TF>(block, 3),
        4 => TFormat.Load<TWords, TB, TI, TF>(block, 4),
        5 => TFormat.Load<TWords, TB, TI, TF>(block, 5),
        6 => TFormat.Load<TWords, TB, TI, TF>(block, 6),
        _ => TFormat.Load<TWords, TB, TI, TF>(block, 7),
    };
}
