using System.Runtime.CompilerServices;
using Engine.Cache;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>Passes that bring cache rows into the shape of the tiles.</summary>
internal sealed unsafe partial class ExactAttention<W, V>
{
    /// <summary>Widens whole padded rows to f32.</summary>
    internal static void Widen(byte* rows, nint rowBytes, CacheType type, int count, int elements, float* wide)
    {
        for (int row = 0; row < count; row++, rows += rowBytes, wide += elements)
        {
            switch (type)
            {
                case CacheType.F32:
                    for (int k = 0; k < elements; k += W.Count) W.Store(W.Load((float*)rows + k), wide + k);
                    break;
                case CacheType.F16:
                    // A value that overflowed binary16 is read as ±65,536, which harms less than an infinity.
                    for (int k = 0; k < elements; k += W.Count)
                        W.Store(FloatMath<W, V>.LoadFiniteHalf((ushort*)rows + k), wide + k);
                    break;
                default:
                    WidenBlocks(rows, elements, wide);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WidenBlocks(byte* blocks, int elements, float* wide)
    {
        for (int begin = 0; begin < elements; begin += CacheRows.BlockElements, blocks += CacheRows.Q8BlockBytes)
        {
            V scale = W.Broadcast(Memory.HalfConversion.ToSingle(*(ushort*)blocks));
            sbyte* quants = (sbyte*)(blocks + sizeof(ushort));
            for (int k = 0; k < CacheRows.BlockElements; k += W.Count)
                W.Store(W.Multiply(scale, FloatMath<W, V>.LoadInt8(quants + k)), wide + begin + k);
        }
    }

    /// <summary>Widens and transposes a block of keys to [element][slot].</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Transpose(byte* keys, nint rowBytes, CacheType type, int slots, in AttentionScratch parts)
    {
        for (int slot = 0; slot < slots; slot += W.Count)
        {
            byte* rows = keys + (slot * rowBytes);
            float* wide = parts.KeyRows;
            nint stride = parts.KeyElements;
            int count = Math.Min(W.Count, slots - slot);
            if (type == CacheType.F32 && count == W.Count)
            {
                wide = (float*)rows;
                stride = rowBytes / sizeof(float);
            }
            else
            {
                Widen(rows, rowBytes, type, count, parts.KeyElements, wide);
            }

            for (int element = 0; element < parts.KeyElements; element += 4)
            {
                W.TransposeColumns(wide + element, stride, parts.Keys + ((nint)element * parts.BlockSlots) + slot,
                    parts.BlockSlots);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow2(float* c, float* factors, int row, out V c0, out V c1)
    {
        if (factors == null)
        {
            c0 = c1 = W.Broadcast(0f);
            return;
        }

        V factor = W.Broadcast(factors[row]);
        c0 = W.Multiply(W.Load(c), factor);
        c1 = W.Multiply(W.Load(c + W.Count), factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow4(float* c, float* factors, int row, out V c0, out V c1, out V c2, out V c3)
    {
        LoadRow2(c, factors, row, out c0, out c1);
        LoadRow2(c + (2 * W.Count), factors, row, out c2, out c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow2(float* c, V c0, V c1)
    {
        W.Store(c0, c);
        W.Store(c1, c + W.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow4(float* c, V c0, V c1, V c2, V c3)
    {
        StoreRow2(c, c0, c1);
        StoreRow2(c + (2 * W.Count), c2, c3);
    }
}
