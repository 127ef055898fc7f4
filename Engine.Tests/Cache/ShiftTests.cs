using Engine.Attention;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;
using Engine.Tests.Transformer;
using Engine.Transformer;

namespace Engine.Tests.Cache;

/// <summary>Cached keys at new positions, against three oracles: the first layer of a fresh sequence, a rotation in
/// double precision, and attention's blindness to a common shift.</summary>
[TestClass]
public sealed unsafe class ShiftTests
{
    private const int Context = 60;

    // Interleaved and halves, partial RoPE, layers without, two variants, windows, borrowers, factors, magnitudes.
    public static IEnumerable<object[]> Names => ((string[])
        [
            "llama-tied", "qwen3", "phi", "smollm3", "gemma3", "cla2-swa", "mistral-swa", "llama3-rope",
            "phi3-longrope", "cla-head46-mqa", "chatglm2",
        ]).Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Keys_of_the_first_layer_are_those_of_a_fresh_sequence(string name)
    {
        // They depend on the token and its position alone.
        ConformanceModel model = ConformanceModel.Load(name);
        foreach ((CacheType type, float tolerance) in ((CacheType, float)[])
            [(CacheType.F32, 2e-5f), (CacheType.F16, 4e-3f), (CacheType.Q8_0, 0.05f)])
        {
            foreach (int threads in (int[])[1, 2])
            {
                using var runner = new Runner(model.Path, threads, batchRows: 16);
                using Sequence slid = Slid(runner, model, sinks: 6, type, out int[] kept);
                using Sequence fresh = Open(runner, sinks: 6, type);
                runner.Logits(fresh, kept, [16]);
                KvRing expected = fresh.Cache.Ring(0), found = slid.Cache.Ring(0);
                Assert.AreEqual(kept.Length, slid.Cache.NextPosition);
                float largest = 0, worst = 0;
                for (int p = Math.Max(0, found.First); p < kept.Length; p++)
                {
                    Compare(expected, found, p, keys: true, ref largest, ref worst);
                    Compare(expected, found, p, keys: false, ref largest, ref worst);
                }

                Assert.IsLessThanOrEqualTo(tolerance * largest, worst, $"{name} {type} {threads}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Every_owner_has_its_keys_rotated_and_its_values_left(string name)
    {
        ConformanceModel model = ConformanceModel.Load(name);
        using var runner = new Runner(model.Path, threads: 2, batchRows: 16);
        using Sequence sequence = Open(runner, sinks: 5, CacheType.F32);
        runner.Logits(sequence, model.Tokens.AsSpan(0, Context), [16]);
        sequence.Cache.Evict(21);
        (float[] Keys, float[] Values)[][] before =
            [.. Enumerable.Range(0, sequence.Cache.Groups).Select(group => Copy(sequence.Cache.Ring(group)))];
        runner.Model.Forward.CloseGap(sequence);
        for (int group = 0; group < sequence.Cache.Groups; group++)
        {
            KvRing ring = sequence.Cache.Ring(group);
            (float[] Keys, float[] Values)[] rows = before[group];
            for (int head = 0; head < ring.Shape.KvHeads; head++)
            {
                for (int slot = 0; slot < ring.Capacity; slot++)
                {
                    if (ring.Positions[slot] < 0) continue;
                    (float[] keys, float[] values) = rows[head * ring.Capacity + slot];
                    double[] wanted = slot < ring.Sinks ? [.. keys.Select(key => (double)key)]
                        : Rotate(runner.Model, sequence, ring, keys, -21);
                    float* found = (float*)(ring.Keys(head) + slot * ring.KeyRowBytes);
                    for (int k = 0; k < keys.Length; k++) Assert.AreEqual(wanted[k], found[k], 1e-5, $"{name} {k}");
                    var value = new ReadOnlySpan<float>(
                        (float*)(ring.Values(head) + slot * ring.ValueRowBytes), values.Length);
                    Assert.IsTrue(value.SequenceEqual(values), name);
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Without_sinks_a_shift_changes_no_logits(string name)
    {
        // Scores depend on distances only, so this holds through all layers; a magnitude applied twice would show.
        ConformanceModel model = ConformanceModel.Load(name);
        using var runner = new Runner(model.Path, threads: 2, batchRows: 16);
        using Sequence left = Open(runner, sinks: 0, CacheType.F32), moved = Open(runner, sinks: 0, CacheType.F32);
        foreach (Sequence sequence in (Sequence[])[left, moved])
        {
            runner.Logits(sequence, model.Tokens.AsSpan(0, Context), [16]);
            sequence.Cache.Evict(15);
        }

        runner.Model.Forward.CloseGap(moved);
        Assert.AreEqual(Context, left.Cache.NextPosition);
        Assert.AreEqual(Context - 15, moved.Cache.NextPosition);
        float[] expected = runner.Logits(left, model.Tokens.AsSpan(Context, 15), [1, 4]);
        float[] found = runner.Logits(moved, model.Tokens.AsSpan(Context, 15), [1, 4]);
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], 2e-4f, name);
    }

    [TestMethod]
    public void Positions_move_only_when_they_would_leave_what_the_model_was_trained_for()
    {
        ConformanceModel model = ConformanceModel.Load("llama-tied");
        using var runner = new Runner(model.Path, batchRows: 16);
        using Sequence sequence = Open(runner, sinks: 4, CacheType.F32);
        Assert.AreEqual(512, sequence.Cache.PositionLimit);
        int shifts = 0, highest = 0;
        for (int token = 0; token < 1200; token++)
        {
            int gap = sequence.Cache.Gap;
            if (sequence.Cache.Length == Context) runner.Model.Slide(sequence);
            if (sequence.Cache.Gap < gap) shifts++;
            highest = Math.Max(highest, sequence.Cache.NextPosition);
            runner.Logits(sequence, model.Tokens.AsSpan(token % 40, 1), [1]);
        }

        // 1,200 tokens over 512 − 60 positions at a time.
        Assert.AreEqual(2, shifts);
        Assert.IsLessThan(512, highest);
        Assert.IsGreaterThan(512 - Context, highest);
    }

    [TestMethod]
    public void Longrope_factors_bound_the_positions_of_a_short_context()
    {
        ConformanceModel model = ConformanceModel.Load("phi3-longrope");
        using var runner = new Runner(model.Path, batchRows: 16);
        using Sequence small = runner.Model.OpenSequence(60, CacheType.F32, new SequencePolicy(true, 4, 0));
        using Sequence large = runner.Model.OpenSequence(100, CacheType.F32, new SequencePolicy(true, 4, 0));
        Assert.AreEqual(64, small.Cache.PositionLimit);
        Assert.AreEqual(512, large.Cache.PositionLimit);
    }

    [TestMethod]
    public void Learned_positions_cannot_slide()
    {
        using LanguageModel model = LanguageModel.Load(ConformanceModel.Load("gpt2").Path);
        var options = new SessionOptions { ContextLength = 32, Overflow = ContextOverflow.KeepSinksAndRecent };
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => model.CreateSession(options));
        StringAssert.Contains(error.Message, "cannot slide");
    }

    private static Sequence Open(Runner runner, int sinks, CacheType type) =>
        runner.Model.OpenSequence(Context, type, new SequencePolicy(Slides: true, sinks, PageBudget: 0));

    /// <summary>A sequence that has given up tokens twice and closed the gap each time; its tokens in order.</summary>
    private static Sequence Slid(Runner runner, ConformanceModel model, int sinks, CacheType type, out int[] kept)
    {
        Sequence sequence = Open(runner, sinks, type);
        List<int> tokens = [.. model.Tokens[..Context]];
        runner.Logits(sequence, tokens.ToArray(), [16]);
        for (int round = 0; round < 2; round++)
        {
            sequence.Cache.Evict(17);
            tokens.RemoveRange(sinks, 17);
            runner.Model.Forward.CloseGap(sequence);
            int[] more = model.Tokens[(Context + 9 * round)..(Context + 9 * round + 9)];
            runner.Logits(sequence, more, [4, 5]);
            tokens.AddRange(more);
        }

        kept = [.. tokens];
        return sequence;
    }

    private static void Compare(KvRing expected, KvRing found, int position, bool keys, ref float largest,
        ref float worst)
    {
        VectorKernels kernels = VectorKernels.For(InstructionSet.Scalar);
        int n = keys ? expected.Shape.KeyDimension : expected.Shape.ValueDimension;
        float* a = stackalloc float[n], b = stackalloc float[n];
        for (int head = 0; head < expected.Shape.KvHeads; head++)
        {
            Read(expected, a, head);
            Read(found, b, head);
            for (int k = 0; k < n; k++)
            {
                largest = Math.Max(largest, Math.Abs(a[k]));
                worst = Math.Max(worst, Math.Abs(a[k] - b[k]));
            }
        }

        void Read(KvRing ring, float* x, int head)
        {
            int slot = ring.Slot(position);
            Assert.AreEqual(position, ring.Positions[slot]);
            byte* row = keys ? ring.Keys(head) + slot * ring.KeyRowBytes
                : ring.Values(head) + slot * ring.ValueRowBytes;
            CacheRows.Read(kernels, ring.Type, row, x, n);
        }
    }

    private static (float[] Keys, float[] Values)[] Copy(KvRing ring)
    {
        var rows = new (float[], float[])[ring.Shape.KvHeads * ring.Capacity];
        for (int i = 0; i < rows.Length; i++)
        {
            (int head, int slot) = Math.DivRem(i, ring.Capacity);
            rows[i] = (
                new ReadOnlySpan<float>((float*)(ring.Keys(head) + slot * ring.KeyRowBytes), ring.Shape.KeyDimension)
                    .ToArray(),
                new ReadOnlySpan<float>((float*)(ring.Values(head) + slot * ring.ValueRowBytes),
                    ring.Shape.ValueDimension).ToArray());
        }

        return rows;
    }

    private static double[] Rotate(TransformerModel model, Sequence sequence, KvRing ring, float[] x, int delta)
    {
        ModelConfig config = model.Config;
        double[] result = [.. x.Select(value => (double)value)];
        int variant = config.Layers[ring.Shape.Owner].Rope;
        if (variant < 0) return result;
        int pairs = config.RopeDimensions / 2;
        float* angles = stackalloc float[config.RopeDimensions];
        // The frequencies, read off a rotation by one position, which is below half a turn.
        sequence.Ropes.Rotation(variant, 1, angles, angles + pairs);
        for (int pair = 0; pair < pairs; pair++)
        {
            double angle = delta * Math.Atan2(angles[pairs + pair], angles[pair]);
            bool halves = config.RopePairs == RopePairs.Halves;
            (int first, int second) = halves ? (pair, pairs + pair) : (2 * pair, 2 * pair + 1);
            result[first] = x[first] * Math.Cos(angle) - x[second] * Math.Sin(angle);
            result[second] = x[first] * Math.Sin(angle) + x[second] * Math.Cos(angle);
        }

        return result;
    }
}
