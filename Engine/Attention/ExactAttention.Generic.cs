using System.Runtime.CompilerServices;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>The loops of exact attention, written once.</summary>
/// <remarks>Query rows (every head of every token) are taken in tiles of four against blocks of slots. A block of keys
/// is widened and transposed once for all query rows, so that scores are an outer product without sums across lanes;
/// for a few rows (decode) that pass would cost more than it saves: they take dot products instead. Scores are kept in
/// base 2: log2(e) is folded into the scale of the queries, which saves a product per weight.</remarks>
internal sealed unsafe partial class ExactAttention<W, V> : ExactAttention
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    /// <summary>log2(e).</summary>
    private const float BaseTwo = 1.4426950408889634f;

    /// <summary>Where the running maximum starts: far below any score, and finite so that differences are.</summary>
    private const float NothingSeen = -1e30f;

    /// <summary>Up to here query rows take dot products instead of tiles: at 16 rows both are equally fast (d = 64 and
    /// 128, 256 and 512 bits), at 12 dot products lead by 10 to 50 %, at 32 the tiles lead on 512 bits.</summary>
    private const int DotRows = 16;

    public override int RowTile => 64;

    public override void Attend(in AttentionTask task, byte* scratch)
    {
        AttentionScratch parts = AttentionScratch.Divide(scratch, task);
        int queries = task.Rows * task.GroupHeads;
        for (int begin = 0; begin < queries; begin += parts.QueryRows)
        {
            int count = Math.Min(parts.QueryRows, queries - begin);
            Prepare(task, parts, begin, count);
            AttendRange(task, parts, begin, count, task.First);
            AttendRange(task, parts, begin, count, task.Second);
            for (int i = 0; i < task.MoreCount; i++) AttendRange(task, parts, begin, count, task.More[i]);
            Finish(task, parts, begin, count);
        }
    }

    /// <summary>Copies scaled queries and sets the running states.</summary>
    private static void Prepare(in AttentionTask task, in AttentionScratch parts, int begin, int count)
    {
        float scale = task.SoftCap > 0 ? task.Scale / task.SoftCap : task.Scale * BaseTwo;
        int padded = (count + AttentionScratch.TileRows - 1) / AttentionScratch.TileRows * AttentionScratch.TileRows;
        new Span<float>(parts.Queries, padded * parts.KeyElements).Clear();
        new Span<float>(parts.Sums, padded * parts.ValueElements).Clear();
        for (int i = 0; i < count; i++)
        {
            (int row, int head) = Math.DivRem(begin + i, task.GroupHeads);
            float* query = task.Query + (row * task.QueryRowStride) + (head * task.QueryHeadStride);
            float* destination = parts.Queries + (i * parts.KeyElements);
            for (int k = 0; k < task.KeyDimension; k++) destination[k] = query[k] * scale;
            // A sink is a score that was seen before all others and has no value.
            parts.Largest[i] = task.SinkLogits != null ? task.SinkLogits[head] * BaseTwo : NothingSeen;
            parts.Total[i] = task.SinkLogits != null ? 1 : 0;
        }
    }

    private static void AttendRange(in AttentionTask task, in AttentionScratch parts, int begin, int count,
        SlotRange range)
    {
        int firstPosition = task.Positions[begin / task.GroupHeads];
        int lastPosition = task.Positions[(begin + count - 1) / task.GroupHeads];
        for (int slot = range.Begin; slot < range.End; slot += parts.BlockSlots)
        {
            int slots = Math.Min(parts.BlockSlots, range.End - slot);
            var block = new SlotBlock(task.SlotPositions + slot, slots, parts.Positions, parts.BlockSlots);
            if (!block.IsSeen(firstPosition, lastPosition, task.Window)) continue;
            AttendBlock(task, parts, begin, count, slot, block);
        }
    }

    private static void AttendBlock(in AttentionTask task, in AttentionScratch parts, int begin, int count, int slot,
        in SlotBlock block)
    {
        bool dots = count <= DotRows;
        byte* keys = task.Keys + (slot * task.KeyRowBytes);
        byte* values = task.Values + (slot * task.ValueRowBytes);
        nint keyStride = parts.BlockSlots, valueStride = parts.ValueElements;
        float* keyBlock = parts.Keys, valueBlock = parts.Values;
        if (!dots)
        {
            Transpose(keys, task.KeyRowBytes, task.KeyType, block.Slots, parts);
        }
        else if (task.KeyType == CacheType.F32)
        {
            keyBlock = (float*)keys;
            keyStride = task.KeyRowBytes / sizeof(float);
        }
        else
        {
            keyStride = parts.KeyElements;
            Widen(keys, task.KeyRowBytes, task.KeyType, block.Slots, parts.KeyElements, keyBlock);
        }

        if (task.ValueType == CacheType.F32)
        {
            valueBlock = (float*)values;
            valueStride = task.ValueRowBytes / sizeof(float);
        }
        else
        {
            Widen(values, task.ValueRowBytes, task.ValueType, block.Slots, parts.ValueElements, valueBlock);
        }

        for (int i = 0; i < count; i += AttentionScratch.TileRows)
        {
            int rows = Math.Min(AttentionScratch.TileRows, count - i);
            int firstPosition = task.Positions[(begin + i) / task.GroupHeads];
            int lastPosition = task.Positions[(begin + i + rows - 1) / task.GroupHeads];
            if (!block.IsSeen(firstPosition, lastPosition, task.Window)) continue;
            float* queries = parts.Queries + (i * parts.KeyElements);
            if (dots)
                Dots(queries, parts.KeyElements, rows, keyBlock, keyStride, block.Slots, parts.Scores,
                    parts.BlockSlots);
            else
                Multiply(queries, parts.KeyElements, task.KeyDimension, keyBlock, keyStride, parts.Scores,
                    parts.BlockSlots, CacheRows.PaddedElements(block.Slots), null);
            bool masked = !block.IsWhollySeen(firstPosition, lastPosition, task.Window);
            for (int r = 0; r < rows; r++) Softmax(task, parts, begin, i + r, r, block.Slots, masked);
            Accumulate(parts, i, rows, block.Slots, valueBlock, valueStride);
        }
    }

    private static void Accumulate(in AttentionScratch parts, int first, int rows, int slots, float* values,
        nint valueStride)
    {
        float* sums = parts.Sums + (first * parts.ValueElements);
        // A tile costs as much for one row as for four, so one or two go alone.
        if (rows > 2)
        {
            Multiply(parts.Scores, parts.BlockSlots, slots, values, valueStride, sums, parts.ValueElements,
                parts.ValueElements, parts.Factors);
            return;
        }

        for (int r = 0; r < rows; r++)
        {
            MultiplyRow(parts.Scores + (r * parts.BlockSlots), slots, values, valueStride,
                sums + (r * parts.ValueElements), parts.ValueElements, parts.Factors[r]);
        }
    }

    /// <summary>Turns a tile row's scores into weights and brings its running state forward.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Softmax(in AttentionTask task, in AttentionScratch parts, int begin, int index, int tileRow,
        int slots, bool masked)
    {
        float* scores = parts.Scores + (tileRow * parts.BlockSlots);
        (int row, int head) = Math.DivRem(begin + index, task.GroupHeads);
        int position = task.Positions[row];
        int padded = CacheRows.PaddedElements(slots);
        if (task.SoftCap > 0) Cap(scores, padded, task.SoftCap * BaseTwo);
        if (task.AlibiSlopes != null) AddSlope(scores, padded, parts.Positions, position, task.AlibiSlopes[head]);
        if (masked) Mask(scores, padded, parts.Positions, position, task.Window);

        V largest = W.Broadcast(parts.Largest[index]);
        for (int s = 0; s < padded; s += W.Count) largest = W.Max(largest, W.Load(scores + s));
        float max = W.MaxAcross(largest);
        float factor = FloatMath<FloatWordsScalar, float>.Exp2(parts.Largest[index] - max);
        V maxima = W.Broadcast(max), total = W.Broadcast(0f);
        for (int s = 0; s < padded; s += W.Count)
        {
            V weight = FloatMath<W, V>.Exp2(W.Subtract(W.Load(scores + s), maxima));
            W.Store(weight, scores + s);
            total = W.Add(total, weight);
        }

        parts.Largest[index] = max;
        parts.Total[index] = (parts.Total[index] * factor) + W.Sum(total);
        parts.Factors[tileRow] = factor;
    }

    private static void Cap(float* scores, int n, float cap)
    {
        V caps = W.Broadcast(cap);
        for (int s = 0; s < n; s += W.Count)
            W.Store(W.Multiply(caps, FloatMath<W, V>.Tanh(W.Load(scores + s))), scores + s);
    }

    private static void AddSlope(float* scores, int n, int* positions, int position, float slope)
    {
        V slopes = W.Broadcast(slope * BaseTwo), origin = W.BroadcastInt(-position);
        for (int s = 0; s < n; s += W.Count)
        {
            V distance = W.FromInt(W.AddInt(W.LoadInt(positions + s), origin));
            W.Store(W.MultiplyAdd(slopes, distance, W.Load(scores + s)), scores + s);
        }
    }

    /// <summary>Puts −∞ where the slot's position is not in [low, position].</summary>
    private static void Mask(float* scores, int n, int* positions, int position, int window)
    {
        V hidden = W.Broadcast(float.NegativeInfinity);
        V beforeLow = W.BroadcastInt(SlotBlock.Lowest(position, window) - 1), high = W.BroadcastInt(position);
        for (int s = 0; s < n; s += W.Count)
        {
            V at = W.LoadInt(positions + s);
            V score = W.SelectLessInt(beforeLow, at, W.Load(scores + s), hidden);
            W.Store(W.SelectLessInt(high, at, hidden, score), scores + s);
        }
    }

    private static void Finish(in AttentionTask task, in AttentionScratch parts, int begin, int count)
    {
        for (int i = 0; i < count; i++)
        {
            (int row, int head) = Math.DivRem(begin + i, task.GroupHeads);
            float* output = task.Output + (row * task.OutputRowStride) + (head * task.OutputHeadStride);
            float* sums = parts.Sums + (i * parts.ValueElements);
            // Nothing seen leaves a total of 0 and zeros; NaN stays NaN.
            float factor = parts.Total[i] > 0 ? 1 / parts.Total[i] : parts.Total[i];
            for (int k = 0; k < task.ValueDimension; k++) output[k] = sums[k] * factor;
            if (task.LogSumExp != null)
                task.LogSumExp[begin + i] = (parts.Largest[i] + MathF.Log2(parts.Total[i])) / BaseTwo;
        }
    }
}
