using System.Runtime.CompilerServices;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>The loops of exact attention, written once.</summary>
/// <remarks>Query rows (every head of every token) lie in the lanes of vectors: they are transposed once, and what they
/// have seen is transposed back at the end. Keys and values are then read as they lie, a number of theirs at a time for
/// a register tile of query rows, and softmax needs neither sums nor maxima across lanes. For a few rows (decode) most
/// lanes would be empty: they take dot products with the cache's own rows instead. Scores are kept in base 2: log2(e)
/// is folded into the scale of the queries, which saves a product per weight.</remarks>
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
        if (task.Rows * task.GroupHeads > DotRows)
        {
            AttendTiles(task, null, scratch);
            return;
        }

        FewScratch parts = FewScratch.Divide(scratch, task, DotRows);
        AttendFew(task, parts.States, parts);
        Merge(task, parts.States, 0, 1);
    }

    /// <summary>Computes the output, or the states if there is room for them.</summary>
    private static void AttendTiles(in AttentionTask task, float* states, byte* scratch)
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
            Complete(task, parts, begin, count, states);
        }
    }

    /// <summary>Scores are in base 2, or capped by tanh first.</summary>
    private static float QueryScale(in AttentionTask task) =>
        task.SoftCap > 0 ? task.Scale / task.SoftCap : task.Scale * BaseTwo;

    private static void AttendRange(in AttentionTask task, in AttentionScratch parts, int begin, int count,
        SlotRange range)
    {
        int firstPosition = task.Positions[begin / task.GroupHeads];
        int lastPosition = task.Positions[(begin + count - 1) / task.GroupHeads];
        // Blocks end at the same slots wherever the range begins, so that a row's sums are rounded alike.
        for (int slot = range.Begin, next; slot < range.End; slot = next)
        {
            next = Math.Min(range.End, ((slot / parts.BlockSlots) + 1) * parts.BlockSlots);
            SlotBlock block = SlotBlock.Read<W, V>(task.SlotPositions + slot, next - slot, parts.Positions,
                parts.BlockSlots);
            if (block.IsSeen(firstPosition, lastPosition, task.Window))
                AttendBlock(task, parts, begin, count, slot, block);
        }
    }

    private static void AttendBlock(in AttentionTask task, in AttentionScratch parts, int begin, int count, int slot,
        in SlotBlock block)
    {
        byte* keys = task.Keys + (slot * task.KeyRowBytes), values = task.Values + (slot * task.ValueRowBytes);
        var rows = new BlockRows
        {
            Keys = (float*)keys, KeyStride = task.KeyRowBytes / sizeof(float),
            Values = (float*)values, ValueStride = task.ValueRowBytes / sizeof(float),
            NextKeys = keys + (block.Slots * task.KeyRowBytes),
            NextValues = values + (block.Slots * task.ValueRowBytes),
        };
        // Four keys are multiplied at once, whatever they are beyond the last: but not what is beyond the ring.
        if (task.KeyType != CacheType.F32 || block.Slots % 4 != 0)
        {
            Widen(keys, task.KeyRowBytes, task.KeyType, block.Slots, parts.KeyElements, parts.Keys);
            rows.Keys = parts.Keys;
            rows.KeyStride = parts.KeyElements;
        }

        if (task.ValueType != CacheType.F32)
        {
            Widen(values, task.ValueRowBytes, task.ValueType, block.Slots, parts.ValueElements, parts.Values);
            rows.Values = parts.Values;
            rows.ValueStride = parts.ValueElements;
        }

        for (int first = 0; first < count; first += parts.GroupRows)
        {
            int last = Math.Min(count, first + parts.GroupRows) - 1;
            if (block.IsSeen(parts.High[first], parts.High[last], task.Window))
                AttendGroup(task, parts, first, last, rows, block);
        }
    }

    private static void AttendGroup(in AttentionTask task, in AttentionScratch parts, int first, int last,
        in BlockRows rows, in SlotBlock block)
    {
        const int Whole = 2;
        int size = parts.GroupRows, width = (last - first + (Whole * W.Count)) / (Whole * W.Count) * Whole * W.Count;
        SlotRange seen = block.Seen(parts.Positions, parts.High[first], parts.High[last], task.Window);
        float* queries = parts.Queries + (first * parts.KeyElements);
        for (int s = seen.Begin; s < seen.End; s += 4)
        {
            if (first == 0)
            {
                Prefetch(rows.NextKeys + (s * task.KeyRowBytes), 4 * task.KeyRowBytes);
                Prefetch(rows.NextValues + (s * task.ValueRowBytes), 4 * task.ValueRowBytes);
            }

            Multiply<FromZero>(rows.Keys + (s * rows.KeyStride), rows.KeyStride, 1, task.KeyDimension, queries, size,
                parts.Scores + (s * size), size, width, null);
        }

        if (task.SoftCap > 0) Cap(parts.Scores, seen, size, width, task.SoftCap * BaseTwo);
        bool masks = !block.IsWhollySeen(parts.High[first], parts.High[last], task.Window);
        for (int lane = 0; lane < width; lane += W.Count)
        {
            if (task.AlibiSlopes != null) AddSlopes(parts, seen, first + lane, lane);
            if (masks) Mask(parts, seen, first + lane, lane);
            Weigh(parts.Scores + lane, seen, size, parts.Largest + first + lane, parts.Total + first + lane,
                parts.Factors + lane);
        }

        float* sums = parts.Sums + (first * parts.ValueElements);
        float* values = rows.Values + (seen.Begin * rows.ValueStride);
        for (int element = 0; element < task.ValueDimension; element += 4)
        {
            Multiply<FromColumns>(values + element, 1, rows.ValueStride, seen.Count, parts.Scores + (seen.Begin * size),
                size, sums + (element * size), size, width, parts.Factors);
        }
    }

    /// <summary>Turns the scores of a vector of rows into weights and brings their running states forward.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Weigh(float* scores, SlotRange seen, nint stride, float* largest, float* total, float* factors)
    {
        float* first = scores + (seen.Begin * stride), end = scores + (seen.End * stride);
        V before = W.Load(largest), max = before;
        for (float* at = first; at < end; at += stride) max = W.Max(max, W.Load(at));
        V factor = FloatMath<W, V>.Exp2OfNegative(W.Subtract(before, max)), sum = W.Broadcast(0f);
        // One chain of additions a vector, so that where the slots begin does not change how they are rounded.
        for (float* at = first; at < end; at += stride)
        {
            V weight = FloatMath<W, V>.Exp2OfNegative(W.Subtract(W.Load(at), max));
            W.Store(weight, at);
            sum = W.Add(sum, weight);
        }

        W.Store(max, largest);
        W.Store(W.Add(W.Multiply(W.Load(total), factor), sum), total);
        W.Store(factor, factors);
    }

    private static void Cap(float* scores, SlotRange seen, int stride, int width, float cap)
    {
        V caps = W.Broadcast(cap);
        for (float* row = scores + (seen.Begin * stride); row < scores + (seen.End * stride); row += stride)
        {
            for (int lane = 0; lane < width; lane += W.Count)
                W.Store(W.Multiply(caps, FloatMath<W, V>.Tanh(W.Load(row + lane))), row + lane);
        }
    }

    private static void AddSlopes(in AttentionScratch parts, SlotRange seen, int row, int lane)
    {
        V slopes = W.Load(parts.Slopes + row), origin = W.LoadInt(parts.Origin + row);
        for (int s = seen.Begin; s < seen.End; s++)
        {
            float* score = parts.Scores + (s * parts.GroupRows) + lane;
            V distance = W.FromInt(W.AddInt(W.BroadcastInt(parts.Positions[s]), origin));
            W.Store(W.MultiplyAdd(slopes, distance, W.Load(score)), score);
        }
    }

    /// <summary>Puts −∞ where a row does not see a slot.</summary>
    private static void Mask(in AttentionScratch parts, SlotRange seen, int row, int lane)
    {
        V hidden = W.Broadcast(float.NegativeInfinity);
        V beforeLow = W.LoadInt(parts.BeforeLow + row), high = W.LoadInt(parts.High + row);
        for (int s = seen.Begin; s < seen.End; s++)
        {
            float* score = parts.Scores + (s * parts.GroupRows) + lane;
            V at = W.BroadcastInt(parts.Positions[s]);
            V shown = W.SelectLessInt(beforeLow, at, W.Load(score), hidden);
            W.Store(W.SelectLessInt(high, at, hidden, shown), score);
        }
    }

    /// <summary>Stores what a query has seen so far.</summary>
    private static void Keep(in AttentionTask task, float* states, int query, float* sums, float largest, float total)
    {
        float* state = states + ((nint)query * AttentionState.Floats(task.ValueDimension));
        Unsafe.CopyBlock(state, sums, (uint)(CacheRows.PaddedElements(task.ValueDimension) * sizeof(float)));
        state[AttentionState.Largest(task.ValueDimension)] = largest;
        state[AttentionState.Total(task.ValueDimension)] = total;
    }

    /// <summary>Writes a query's output.</summary>
    private static void Finish(in AttentionTask task, int query, float* sums, float largest, float total)
    {
        (int row, int head) = Math.DivRem(query, task.GroupHeads);
        float factor = 1;
        if (task.SinkLogits != null)
        {
            // A sink is a score without a value.
            float sink = task.SinkLogits[head] * BaseTwo, max = Math.Max(largest, sink);
            factor = FloatMath<FloatWordsScalar, float>.Exp2(largest - max);
            total = (total * factor) + FloatMath<FloatWordsScalar, float>.Exp2(sink - max);
            largest = max;
        }

        float* output = task.Output + (row * task.OutputRowStride) + (head * task.OutputHeadStride);
        if (task.LogSumExp != null) task.LogSumExp[query] = (largest + MathF.Log2(total)) / BaseTwo;
        // Nothing seen leaves a total of 0 and zeros; NaN stays NaN.
        factor = total > 0 ? factor / total : total;
        for (int k = 0; k < task.ValueDimension; k++) output[k] = sums[k] * factor;
    }

    /// <summary>A block's rows as f32, and the floats between them.</summary>
    private struct BlockRows
    {
        public float* Keys, Values;
        public nint KeyStride, ValueStride;

        /// <summary>The rows of the next block, as they lie.</summary>
        public byte* NextKeys, NextValues;
    }
}
