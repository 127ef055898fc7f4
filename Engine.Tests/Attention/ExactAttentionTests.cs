using Engine.Attention;
using Engine.Cache;
using Engine.Memory;
using Engine.Tests.Kernels;

namespace Engine.Tests.Attention;

/// <summary>Exact attention against its definition in double precision, on every instruction set.</summary>
[TestClass]
public sealed class ExactAttentionTests
{
    private static readonly CacheType[] Types = [CacheType.F32, CacheType.F16, CacheType.Q8_0];

    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void EveryDimensionAndCacheType(string set)
    {
        int seed = 1;
        foreach (int dimension in (int[])[1, 8, 12, 24, 46, 64, 90, 128])
        {
            foreach (CacheType type in Types)
            {
                var shape = new AttentionShape(7, 3, dimension, dimension, 75) { KeyType = type, ValueType = type };
                Check(set, shape, seed++, 7);
                Check(set, shape with { Rows = 1 }, seed++, 1);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void MixedTypesAndDimensions(string set)
    {
        foreach (CacheType key in Types)
        {
            foreach (CacheType value in Types)
            {
                var shape = new AttentionShape(9, 2, 40, 24, 130) { KeyType = key, ValueType = value, Turn = 37 };
                Check(set, shape, 7, 9);
                Check(set, shape with { KeyDimension = 24, ValueDimension = 192 }, 8, 4);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void EveryMask(string set)
    {
        int seed = 1;
        foreach (int rows in (int[])[1, 2, 33])
        {
            foreach (int window in (int[])[0, 1, 17, 64])
            {
                foreach (int turn in (int[])[0, 1, 50])
                {
                    foreach (int empty in (int[])[0, 3])
                    {
                        var shape = new AttentionShape(rows, 4, 32, 32, 150)
                        {
                            Window = window, Turn = turn, EmptyEvery = empty, KeyType = CacheType.F16,
                        };
                        Check(set, shape, seed++, rows);
                    }
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void CapsSlopesAndSinks(string set)
    {
        for (int bits = 0; bits < 16; bits++)
        {
            var shape = new AttentionShape((bits & 8) != 0 ? 1 : 20, 5, 48, 48, 100)
            {
                SoftCap = (bits & 1) != 0 ? 2.5f : 0,
                Alibi = (bits & 2) != 0,
                Sinks = (bits & 4) != 0,
                Turn = 20,
                Window = 60,
            };
            Check(set, shape, bits, 6);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void ManyQueryRowsAreSplitToFitTheScratch(string set)
    {
        Check(set, new AttentionShape(70, 8, 256, 256, 70), 3, 70);
        Check(set, new AttentionShape(30, 3, 576, 512, 40) { KeyType = CacheType.F16 }, 4, 30);
        // So wide that half a group of rows and a quarter of a block are all that fit.
        Check(set, new AttentionShape(9, 4, 1024, 1000, 70) { ValueType = CacheType.Q8_0, Turn = 9 }, 5, 9);
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void A_row_of_a_prompt_has_the_same_bits_however_it_is_cut(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        foreach (CacheType type in Types)
        {
            var shape = new AttentionShape(75, 3, 46, 90, 300) { KeyType = type, ValueType = type };
            CheckCuts(attention, shape);
            CheckCuts(attention, shape with { Window = 70, Turn = 130, Sinks = true });
            CheckCuts(attention, shape with { KeyDimension = 64, ValueDimension = 64, SoftCap = 3, Alibi = true });
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void ARowThatSeesNothingIsZero(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        foreach (int rows in (int[])[1, 12])
        {
            foreach (bool sinks in (bool[])[false, true])
            {
                var shape = new AttentionShape(rows, 2, 16, 16, 40) { EmptyEvery = 1, Sinks = sinks };
                using var test = new AttentionCase(shape, 5);
                test.Run(attention, rows);
                foreach (float value in test.Output) Assert.AreEqual(0f, value, $"{shape}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void GroupingOfRowsDoesNotMatter(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        var shape = new AttentionShape(40, 3, 64, 64, 200) { KeyType = CacheType.F16, ValueType = CacheType.F16 };
        using var test = new AttentionCase(shape, 11);
        test.Run(attention, 40);
        float[] whole = test.Output.ToArray();
        foreach (int rows in (int[])[1, 2, 7, 13])
        {
            test.Run(attention, rows);
            for (int i = 0; i < whole.Length; i++)
                Assert.AreEqual(whole[i], test.Output[i], 1e-5, $"{rows} rows a task, element {i}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public unsafe void PartsOfTheSlotsMergeToTheWhole(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        foreach (int split in (int[])[0, 1, 64, 100, 130])
        {
            var shape = new AttentionShape(5, 2, 40, 24, 130) { Sinks = true, EmptyEvery = 7 };
            using var test = new AttentionCase(shape, split);
            using AlignedBuffer<float> first = new(5 * 2 * 24), second = new(5 * 2 * 24), sums = new(20);
            using AlignedBuffer<byte> scratch = new(ExactAttention.ScratchBytes);
            AttentionTask task = test.Task(0, 5) with { First = new SlotRange(0, split), Second = default };
            task.Output = first.Pointer;
            task.LogSumExp = sums.Pointer;
            attention.Attend(task, scratch.Pointer);
            task.First = new SlotRange(split, 130);
            task.SinkLogits = null;
            task.Output = second.Pointer;
            task.LogSumExp = sums.Pointer + 10;
            attention.Attend(task, scratch.Pointer);
            for (int query = 0; query < 10; query++)
            {
                float* output = first.Pointer + (query * 24);
                AttentionMerge.Add(output, ref sums.Pointer[query], second.Pointer + (query * 24),
                    sums.Pointer[10 + query], 24);
                double[] expected = test.Reference(query / 2, query % 2);
                for (int k = 0; k < 24; k++) Assert.AreEqual(expected[k], output[k], 2e-5, $"split {split}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void HeadsTooWideAreRefusedWithTheReason(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        using var test = new AttentionCase(new AttentionShape(1, 1, 4096, 4096, 1), 1);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => test.Run(attention, 1));
        StringAssert.Contains(error.Message, "4096");
    }

    private static void CheckCuts(ExactAttention attention, AttentionShape shape)
    {
        using var test = new AttentionCase(shape, 6);
        test.Run(attention, shape.Rows);
        float[] whole = test.Output.ToArray();
        // Tasks of more than 16 query rows each, with the ranges that a ring gives them.
        foreach (int rows in (int[])[15, 23, 25])
        {
            test.Output.Fill(float.NaN);
            for (int first = 0; first < shape.Rows; first += rows) AttendSeen(attention, test, shape, first, rows);
            CollectionAssert.AreEqual(whole, test.Output.ToArray(), $"{shape}, {rows} rows a task");
        }
    }

    private static unsafe void AttendSeen(ExactAttention attention, AttentionCase test, AttentionShape shape, int first,
        int rows)
    {
        using AlignedBuffer<byte> scratch = new(ExactAttention.ScratchBytes);
        AttentionTask task = test.Task(first, Math.Min(rows, shape.Rows - first));
        int low = SlotBlock.Lowest(task.Positions[0], shape.Window), high = task.Positions[task.Rows - 1];
        int begin = (low + shape.Turn) % shape.Slots, end = ((high + shape.Turn) % shape.Slots) + 1;
        task.First = new SlotRange(begin, end > begin ? end : shape.Slots);
        task.Second = end > begin ? default : new SlotRange(0, end);
        attention.Attend(task, scratch.Pointer);
    }

    private static void Check(string set, AttentionShape shape, int seed, int rowsPerTask) =>
        Assert.IsNull(AttentionChecks.Find(FloatSets.Attention(set), shape, seed, rowsPerTask));
}
