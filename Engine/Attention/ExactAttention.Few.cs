using System.Runtime.CompilerServices;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>Attention of few query rows, above all of decode: the cache is read once, straight into dot products.
/// </summary>
/// <remarks>A row's sums are rounded in an order that depends on nothing but which slots it sees: not on the other rows
/// of the task, nor on where its ranges begin within a block.</remarks>
internal sealed unsafe partial class ExactAttention<W, V>
{
    public override void AttendPiece(in AttentionTask task, float* states, byte* scratch)
    {
        if (task.GroupHeads <= DotRows)
        {
            AttendFew(task, states, FewScratch.Divide(scratch, task, 0));
            return;
        }

        AttendTiles(task, states, scratch);
    }

    public override void Add(in AttentionTask task, float* states, float* others)
    {
        int stateFloats = AttentionState.Floats(task.ValueDimension);
        for (int query = 0; query < task.Rows * task.GroupHeads; query++)
            Merge(states + (query * stateFloats), others + (query * stateFloats), task.ValueDimension);
    }

    public override void Merge(in AttentionTask task, float* states, nint pieceFloats, int pieces)
    {
        int stateFloats = AttentionState.Floats(task.ValueDimension);
        for (int query = 0; query < task.Rows * task.GroupHeads; query++)
        {
            float* state = states + (query * stateFloats);
            for (int piece = 1; piece < pieces; piece++)
                Merge(state, state + (piece * pieceFloats), task.ValueDimension);
            Finish(task, query, state, state[AttentionState.Largest(task.ValueDimension)],
                state[AttentionState.Total(task.ValueDimension)]);
        }
    }

    /// <summary>Brings a state forward by another; one that has seen nothing changes no bit.</summary>
    private static void Merge(float* state, float* other, int valueDimension)
    {
        int largest = AttentionState.Largest(valueDimension), total = AttentionState.Total(valueDimension);
        float max = Math.Max(state[largest], other[largest]);
        float own = FloatMath<FloatWordsScalar, float>.Exp2(state[largest] - max);
        float others = FloatMath<FloatWordsScalar, float>.Exp2(other[largest] - max);
        V ownFactor = W.Broadcast(own), otherFactor = W.Broadcast(others);
        for (int k = 0; k < largest; k += W.Count)
        {
            V sum = W.Multiply(W.Load(state + k), ownFactor);
            W.Store(W.MultiplyAdd(W.Load(other + k), otherFactor, sum), state + k);
        }

        state[largest] = max;
        state[total] = (state[total] * own) + (other[total] * others);
    }

    private static void AttendFew(in AttentionTask task, float* states, in FewScratch parts)
    {
        int queries = task.Rows * task.GroupHeads;
        for (int begin = 0; begin < queries; begin += parts.QueryRows)
        {
            int count = Math.Min(parts.QueryRows, queries - begin);
            PrepareFew(task, parts, states, begin, count);
            AttendFewIn(task, parts, states, begin, count, task.First);
            AttendFewIn(task, parts, states, begin, count, task.Second);
            for (int i = 0; i < task.MoreCount; i++) AttendFewIn(task, parts, states, begin, count, task.More[i]);
        }
    }

    /// <summary>Copies scaled queries and clears their states.</summary>
    private static void PrepareFew(in AttentionTask task, in FewScratch parts, float* states, int begin, int count)
    {
        float scale = QueryScale(task) * QueryUnit(task.KeyType);
        int stateFloats = AttentionState.Floats(task.ValueDimension);
        for (int i = 0; i < count; i++)
        {
            (int row, int head) = Math.DivRem(begin + i, task.GroupHeads);
            float* query = task.Query + (row * task.QueryRowStride) + (head * task.QueryHeadStride);
            float* destination = parts.Queries + (i * parts.KeyElements);
            for (int k = 0; k < task.KeyDimension; k++) destination[k] = query[k] * scale;
            for (int k = task.KeyDimension; k < parts.KeyElements; k++) destination[k] = 0;
            float* state = states + ((nint)(begin + i) * stateFloats);
            new Span<float>(state, stateFloats).Clear();
            state[AttentionState.Largest(task.ValueDimension)] = NothingSeen;
        }
    }

    private static void AttendFewIn(in AttentionTask task, in FewScratch parts, float* states, int begin, int count,
        SlotRange range)
    {
        int firstPosition = task.Positions[begin / task.GroupHeads];
        int lastPosition = task.Positions[(begin + count - 1) / task.GroupHeads];
        for (int slot = range.Begin, next; slot < range.End; slot = next)
        {
            next = Math.Min(range.End, ((slot / FewScratch.BlockSlots) + 1) * FewScratch.BlockSlots);
            SlotBlock block = SlotBlock.Read<W, V>(task.SlotPositions + slot, next - slot, parts.Positions,
                CacheRows.PaddedElements(next - slot));
            if (block.IsSeen(firstPosition, lastPosition, task.Window))
                AttendFewBlock(task, parts, states, begin, count, slot, block);
        }
    }

    private static void AttendFewBlock(in AttentionTask task, in FewScratch parts, float* states, int begin, int count,
        int slot, in SlotBlock block)
    {
        byte* keys = task.Keys + (slot * task.KeyRowBytes);
        byte* values = task.Values + (slot * task.ValueRowBytes);
        int stateFloats = AttentionState.Floats(task.ValueDimension);
        int groupRows = W.HasManyRegisters ? FewScratch.GroupRows : FewScratch.GroupRows - 1;
        // 4 rows in groups of at most 3 are 2 + 2.
        int groups = (count + groupRows - 1) / groupRows;
        int size = (count + groups - 1) / groups;
        for (int i = 0, rows; i < count; i += rows)
        {
            rows = Math.Min(size, count - i);
            int firstPosition = task.Positions[(begin + i) / task.GroupHeads];
            int lastPosition = task.Positions[(begin + i + rows - 1) / task.GroupHeads];
            if (!block.IsSeen(firstPosition, lastPosition, task.Window)) continue;
            Dots(task.KeyType, rows, parts.Queries + (i * parts.KeyElements), parts.KeyElements, keys,
                task.KeyRowBytes, block.Slots, parts.Scores, values, task.ValueRowBytes);
            float* state = states + ((nint)(begin + i) * stateFloats);
            for (int r = 0; r < rows; r++)
                parts.Factors[r] = WeighFew(task, parts, begin + i + r, r, block, state + (r * stateFloats));
            AddValues(task.ValueType, rows, parts, block.Slots, values, task.ValueRowBytes, state, stateFloats,
                keys + (block.Slots * task.KeyRowBytes), task.KeyRowBytes);
        }
    }

    /// <summary>Turns a row's scores into weights in the cache's unit.</summary>
    private static float WeighFew(in AttentionTask task, in FewScratch parts, int query, int groupRow,
        in SlotBlock block, float* state)
    {
        float* scores = parts.Scores + (groupRow * FewScratch.BlockSlots);
        int padded = CacheRows.PaddedElements(block.Slots);
        if (task.KeyType != CacheType.F32) Scale(scores, padded, FloatMath<W, V>.ScaledHalfUnit / ScaledQueryUnit);
        ref float largest = ref state[AttentionState.Largest(task.ValueDimension)];
        ref float total = ref state[AttentionState.Total(task.ValueDimension)];
        float factor = Weigh(task, scores, padded, parts.Positions, query, block, ref largest, ref total);
        if (task.ValueType != CacheType.F32) Scale(scores, padded, FloatMath<W, V>.ScaledHalfUnit);
        return factor;
    }

    /// <summary>Turns a row's scores into weights and brings its running state forward.</summary>
    /// <returns>The factor of what was summed before.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Weigh(in AttentionTask task, float* scores, int padded, int* positions, int query,
        in SlotBlock block, ref float largest, ref float total)
    {
        (int row, int head) = Math.DivRem(query, task.GroupHeads);
        int position = task.Positions[row];
        if (task.SoftCap > 0) Cap(scores, new SlotRange(0, 1), padded, padded, task.SoftCap * BaseTwo);
        if (task.AlibiSlopes != null) AddSlope(scores, padded, positions, position, task.AlibiSlopes[head]);
        if (padded != block.Slots || !block.IsWhollySeen(position, position, task.Window))
            Mask(scores, padded, positions, position, task.Window);

        V maxima = W.Broadcast(largest), weights = W.Broadcast(0f);
        for (int s = 0; s < padded; s += W.Count) maxima = W.Max(maxima, W.Load(scores + s));
        float max = W.MaxAcross(maxima);
        float factor = FloatMath<FloatWordsScalar, float>.Exp2(largest - max);
        maxima = W.Broadcast(max);
        for (int s = 0; s < padded; s += W.Count)
        {
            V weight = FloatMath<W, V>.Exp2OfNegative(W.Subtract(W.Load(scores + s), maxima));
            W.Store(weight, scores + s);
            weights = W.Add(weights, weight);
        }

        largest = max;
        total = (total * factor) + W.Sum(weights);
        return factor;
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

    private static void Scale(float* x, int n, float factor)
    {
        V factors = W.Broadcast(factor);
        for (int k = 0; k < n; k += W.Count) W.Store(W.Multiply(W.Load(x + k), factors), x + k);
    }

    /// <summary>Half of a scaled half's unit is in the queries and half in the scores, so that neither the queries nor
    /// the products leave f32's range.</summary>
    private static float QueryUnit(CacheType type) => type == CacheType.F32 ? 1 : ScaledQueryUnit;

    /// <summary>2^60.</summary>
    private const float ScaledQueryUnit = 1L << 60;

    /// <summary>scores[r][s] = query r · key s, for at most four rows.</summary>
    private static void Dots(CacheType type, int rows, float* queries, int elements, byte* keys, nint keyBytes,
        int slots, float* scores, byte* values, nint valueBytes)
    {
        switch (type)
        {
            case CacheType.F32:
                DotsOf<SingleVectors<W, V>>(rows, queries, elements, keys, keyBytes, slots, scores, values,
                    valueBytes);
                break;
            case CacheType.F16:
                DotsOf<HalfVectors<W, V>>(rows, queries, elements, keys, keyBytes, slots, scores, values,
                    valueBytes);
                break;
            default:
                DotsOf<ByteVectors<W, V>>(rows, queries, elements, keys, keyBytes, slots, scores, values,
                    valueBytes);
                break;
        }
    }

    private static void DotsOf<C>(int rows, float* queries, int elements, byte* keys, nint keyBytes, int slots,
        float* scores, byte* values, nint valueBytes) where C : struct, ICacheVectors<V>
    {
        if (rows == 1) Dots<C, One>(queries, elements, keys, keyBytes, slots, scores, values, valueBytes);
        else if (rows == 2) Dots<C, Two>(queries, elements, keys, keyBytes, slots, scores, values, valueBytes);
        else if (rows == 3) Dots<C, Three>(queries, elements, keys, keyBytes, slots, scores, values, valueBytes);
        else Dots<C, Four>(queries, elements, keys, keyBytes, slots, scores, values, valueBytes);
    }

    /// <summary>sums[r] = sums[r] · factor[r] + Σ weight[r][s] · value s, for at most four rows.</summary>
    private static void AddValues(CacheType type, int rows, in FewScratch parts, int slots, byte* values,
        nint valueBytes, float* sums, nint sumStride, byte* nextKeys, nint keyBytes)
    {
        var task = new ValueTask(parts.Scores, parts.Factors, slots, values, valueBytes, sums, sumStride, nextKeys,
            keyBytes);
        switch (type)
        {
            case CacheType.F32:
                AddValuesOf<SingleVectors<W, V>>(rows, task, parts.ValueElements);
                break;
            case CacheType.F16:
                AddValuesOf<HalfVectors<W, V>>(rows, task, parts.ValueElements);
                break;
            default:
                AddValuesOf<ByteVectors<W, V>>(rows, task, parts.ValueElements);
                break;
        }
    }

    private static void AddValuesOf<C>(int rows, in ValueTask task, int elements) where C : struct, ICacheVectors<V>
    {
        if (rows == 1) AddValues<C, One>(task, elements);
        else if (rows == 2) AddValues<C, Two>(task, elements);
        else if (rows == 3) AddValues<C, Three>(task, elements);
        else AddValues<C, Four>(task, elements);
    }

    private static void AddValues<C, R>(in ValueTask task, int elements)
        where C : struct, ICacheVectors<V>
        where R : struct, INumber
    {
        int column = 0;
        // With 16 registers three rows have room for two vectors each.
        if (W.HasManyRegisters || R.Value < 3)
            for (; column <= elements - (4 * W.Count); column += 4 * W.Count) AddColumns<C, R, Four>(task, column);
        for (; column < elements; column += 2 * W.Count) AddColumns<C, R, Two>(task, column);
    }

    /// <summary>What <see cref="AddColumns"/> works on.</summary>
    private readonly struct ValueTask(float* weights, float* factors, int slots, byte* values, nint valueBytes,
        float* sums, nint sumStride, byte* nextKeys, nint keyBytes)
    {
        public readonly float* Weights = weights, Factors = factors, Sums = sums;
        public readonly int Slots = slots;
        public readonly byte* Values = values, NextKeys = nextKeys;
        public readonly nint ValueBytes = valueBytes, SumStride = sumStride, KeyBytes = keyBytes;
    }
}
