using System.Runtime.CompilerServices;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Plain blocks of 32 as tiles.</summary>
internal readonly unsafe struct BlockTileSource<TFormat, TWords, TB, TI, TF, TRoute> : ITileSource
    where TFormat : struct, IBlockLanes
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
    where TRoute : struct, ITileRoute
{
    public static ActivationKinds Input => ActivationKinds.Group32;

    public static int BlockBytes => TFormat.BlockBytes;

    public static int GroupElements => 32;

    public static int SegmentQuads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.SegmentQuads(TFormat.Signed, TFormat.Largest, 32);
    }

    public static int ElementBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TRoute.ElementBytes;
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

    public static bool Scaled => false;

    public static bool HasMinimum => TFormat.HasMinimum;

    public static int MinimumElements => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, int part, byte* lanes)
    {
        int shift = TilePanel<TRoute>.Shift(TFormat.Signed, TFormat.Offset);
        TB unpacked = TFormat.Load<TWords, TB, TI, TF>(block);
        if (shift != 0) unpacked = TWords.Subtract(unpacked, (byte)shift);
        if (ElementBytes == 2)
        {
            TWords.StoreWords(unpacked, lanes, lanes + 32 * InterleavedRows);
            return;
        }

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
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(byte* block) => TFormat.ScaleTable[TFormat.ScaleIndex(block)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Minimum(byte* block) => ScaleTables.Half[TFormat.MinimumIndex(block)];
}
