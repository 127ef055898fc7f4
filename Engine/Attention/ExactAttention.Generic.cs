using System.Runtime.CompilerServices;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>The loops of exact attention, written once.</summary>
/// <remarks>Query rows (every head of every token) are taken in tiles of four against blocks of slots. A block of keys
/// is widened and transposed once for all query rows, so that scores are an outer product without sums across lanes;
/// for a few rows (decode) that pass would cost more than it saves: they take dot products with the cache's own rows
/// instead. Scores are kept in base 2: log2(e) is folded into the scale of the queries, which saves a product per
/// weight.</remarks>
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
            for (int i = 0; i < count; i++)
            {
                float* sums = parts.Sums + (i * parts.ValueElements);
                if (states == null) Finish(task, begin + i, sums, parts.Largest[i], parts.Total[i]);
                else Keep(task, states, begin + i, sums, parts.Largest[i], parts.Total[i]);
            }
        }
    }

    /// <summary>Scores are in base 2, or capped by tanh first.</summary>
    private static float QueryScale(in AttentionTask task) =>
        task.SoftCap > 0 ? task.Scale / task.SoftCap : task.Scale * BaseTwo;

    /// <summary>Copies scaled queries and sets the running states.</summary>
    private static void Prepare(in AttentionTask task, in AttentionScratch parts, int begin, int count)
    {
        float scale = QueryScale(task);
        int padded = (count + AttentionScratch.TileRows - 1) / AttentionScratch.TileRows * AttentionScratch.TileRows;
        new Span<float>(parts.Queries, padded * parts.KeyElements).Clear();
        new Span<float>(parts.Sums, padded * parts.ValueElements).Clear();
        for (int i = 0; i < count; i++)
        {
            (int row, int head) = Math.DivRem(begin + i, task.GroupHeads);
            float* query = task.Query + (row * task.QueryRowStride) + (head * task.QueryHeadStride);
            float* destination = parts.Queries + (i * parts.KeyElements);
            for (int k = 0; k < task.KeyDimension; k++) destination[k] = query[k] * scale;
            parts.Largest[i] = NothingSeen;
            parts.Total[i] = 0;
        }
    }

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
        byte* values = task.Values + (slot * task.ValueRowBytes);
        nint valueStride = parts.ValueElements;
        float* valueBlock = parts.Values;
        Transpose(task.Keys + (slot * task.KeyRowBytes), task.KeyRowBytes, task.KeyType, block.Slots, parts);
        if (task.ValueType == CacheType.F32)
        {
            valueBlock = (float*)values;
            valueStride = task.ValueRowBytes / sizeof(float);
        }
        else
        {
            Widen(values, task.ValueRowBytes, task.ValueType, block.Slots, parts.ValueElements, valueBlock);
        }

        int padded = CacheRows.PaddedElements(block.Slots);
        for (int i = 0; i < count; i += AttentionScratch.TileRows)
        {
            int rows = Math.Min(AttentionScratch.TileRows, count - i);
            int firstPosition = task.Positions[(begin + i) / task.GroupHeads];
            int lastPosition = task.Positions[(begin + i + rows - 1) / task.GroupHeads];
            if (!block.IsSeen(firstPosition, lastPosition, task.Window)) continue;
            float* queries = parts.Queries + (i * parts.KeyElements);
            Multiply(queries, parts.KeyElements, task.KeyDimension, parts.Keys, parts.BlockSlots, parts.Scores,
                parts.BlockSlots, padded, null);
            for (int r = 0; r < rows; r++)
            {
                parts.Factors[r] = Weigh(task, parts.Scores + (r * parts.BlockSlots), padded, parts.Positions,
                    begin + i + r, block, ref parts.Largest[i + r], ref parts.Total[i + r]);
            }

            Multiply(parts.Scores, parts.BlockSlots, block.Slots, valueBlock, valueStride,
                parts.Sums + (i * parts.ValueElements), parts.ValueElements, parts.ValueElements, parts.Factors);
        }
    }

    /// <summary>Turns a row's scores into weights and brings its running state forward.</summary>
    /// <returns>The factor of what was summed before.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Weigh(in AttentionTask task, float* scores, int padded, int* positions, int query,
        in SlotBlock block, ref float largest, ref float total)
    {
        (int row, int head) = Math.DivRem(query, task.GroupHeads);
        int position = task.Positions[row];
        if (task.SoftCap > 0) Cap(scores, padded, task.SoftCap * BaseTwo);
        if (task.AlibiSlopes != null) AddSlope(scores, padded, positions, position, task.AlibiSlopes[head]);
        if (!block.IsWhollySeen(position, position, task.Window))
            Mask(scores, padded, positions, position, task.Window);

        V maxima = W.Broadcast(largest), weights = W.Broadcast(0f);
        for (int s = 0; s < padded; s += W.Count) maxima = W.Max(maxima, W.Load(scores + s));
        float max = W.MaxAcross(maxima);
        float factor = FloatMath<FloatWordsScalar, float>.Exp2(largest - max);
        maxima = W.Broadcast(max);
        for (int s = 0; s < padded; s += W.Count)
        {
            V weight = FloatMath<W, V>.Exp2(W.Subtract(W.Load(scores + s), maxima));
            W.Store(weight, scores + s);
            weights = W.Add(weights, weight);
        }

        largest = max;
        total = (total * factor) + W.Sum(weights);
        return factor;
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
}
