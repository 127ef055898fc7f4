using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
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

    /// <summary>Asks for rows that are needed after some microseconds: they have until then to come into the second
    /// cache. Nothing need be there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* rows, nint bytes)
    {
        if (!Sse.IsSupported) return;
        for (nint line = 0; line < bytes; line += 64) Sse.Prefetch1(rows + line);
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

    /// <summary>Transposes scaled queries to [group][element][row], and sets the running states.</summary>
    private static void Prepare(in AttentionTask task, in AttentionScratch parts, int begin, int count)
    {
        float scale = QueryScale(task);
        int stride = parts.KeyElements, size = parts.GroupRows;
        int padded = (count + size - 1) / size * size;
        new Span<float>(parts.Sums, padded * parts.ValueElements).Clear();
        for (int first = 0; first < padded; first += W.Count)
        {
            for (int i = 0; i < W.Count; i++)
            {
                float* destination = parts.Rows + (i * stride);
                new Span<float>(destination, stride).Clear();
                if (first + i >= count) continue;
                float* query = QueryOf(task, begin + first + i);
                for (int k = 0; k < task.KeyDimension; k++) destination[k] = query[k] * scale;
            }

            float* group = parts.Queries + (first / size * size * stride) + (first % size);
            for (int element = 0; element < stride; element += 4)
                W.TransposeColumns(parts.Rows + element, stride, group + (element * size), size);
        }

        for (int i = 0; i < padded; i++)
        {
            parts.Largest[i] = NothingSeen;
            parts.Total[i] = 0;
            (int row, int head) = Math.DivRem(begin + Math.Min(i, count - 1), task.GroupHeads);
            parts.High[i] = task.Positions[row];
            parts.Origin[i] = -task.Positions[row];
            parts.BeforeLow[i] = SlotBlock.Lowest(task.Positions[row], task.Window) - 1;
            parts.Slopes[i] = task.AlibiSlopes == null ? 0 : task.AlibiSlopes[head] * BaseTwo;
        }
    }

    private static float* QueryOf(in AttentionTask task, int query)
    {
        (int row, int head) = Math.DivRem(query, task.GroupHeads);
        return task.Query + (row * task.QueryRowStride) + (head * task.QueryHeadStride);
    }

    /// <summary>Brings the sums back to rows, and writes the output, or the states if there is room for them.</summary>
    private static void Complete(in AttentionTask task, in AttentionScratch parts, int begin, int count, float* states)
    {
        int stride = parts.ValueElements, size = parts.GroupRows;
        for (int first = 0; first < count; first += 4)
        {
            float* group = parts.Sums + (first / size * size * stride) + (first % size);
            for (int element = 0; element < stride; element += W.Count)
                W.TransposeColumns(group + (element * size), size, parts.Rows + element, stride);
            for (int i = first; i < Math.Min(count, first + 4); i++)
            {
                float* sums = parts.Rows + ((i - first) * stride);
                if (states == null) Finish(task, begin + i, sums, parts.Largest[i], parts.Total[i]);
                else Keep(task, states, begin + i, sums, parts.Largest[i], parts.Total[i]);
            }
        }
    }
}
