using Engine.Attention;
using Engine.Cache;
using Engine.Memory;
using Engine.Tests.Kernels;

namespace Engine.Tests.Attention;

/// <summary>A cache that is attended to in pieces: whoever computes them, and beside whatever other rows, a row gets
/// the same bits.</summary>
[TestClass]
public sealed unsafe class AttentionPieceTests
{
    private static readonly CacheType[] Types = [CacheType.F32, CacheType.F16, CacheType.Q8_0];

    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    public void Pieces_cover_every_slot_once_and_grow_slowly()
    {
        Assert.AreEqual(0, AttentionPieces.Begin(0));
        int largest = 0;
        for (int piece = 0; piece < 128; piece++)
        {
            int begin = AttentionPieces.Begin(piece), end = AttentionPieces.Begin(piece + 1);
            Assert.IsGreaterThan(begin, end);
            Assert.AreEqual(0, begin % FewScratch.BlockSlots);
            Assert.IsLessThanOrEqualTo(Math.Max(AttentionPieces.Slots, begin / 16), end - begin, $"piece {piece}");
            Assert.AreEqual(piece + 1, AttentionPieces.Count(begin + 1));
            Assert.AreEqual(piece + 1, AttentionPieces.Count(end));
            largest = end;
        }

        Assert.AreEqual(1 << 20, largest);
        Assert.AreEqual(0, AttentionPieces.Count(0));
        int last = AttentionPieces.Count(int.MaxValue);
        Assert.AreEqual(int.MaxValue, AttentionPieces.Begin(last));
    }

    [TestMethod]
    [DataRow(0, 300, 0, 0, 0, 0, 300)]
    [DataRow(0, 700, 0, 0, 1, 512, 700)]
    [DataRow(0, 512, 0, 0, 1, 0, 0)]
    [DataRow(100, 700, 0, 0, 0, 96, 512)]
    [DataRow(600, 900, 0, 100, 0, 0, 100)]
    [DataRow(600, 900, 0, 100, 1, 576, 900)]
    [DataRow(300, 900, 0, 290, 0, 0, 512)]
    [DataRow(1000, 1024, 0, 20, 1, 992, 1024)]
    public void A_piece_of_a_turned_ring_is_one_range(int begin1, int end1, int begin2, int end2, int piece, int begin,
        int end)
    {
        SlotRange actual = AttentionPieces.Within(piece, new SlotRange(begin1, end1), new SlotRange(begin2, end2));
        Assert.AreEqual(new SlotRange(begin, end), actual);
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void Merged_pieces_are_right(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        int seed = 1;
        foreach (int slots in (int[])[511, 512, 513, 1100])
        {
            foreach (CacheType type in Types)
            {
                var shape = new AttentionShape(2, 3, 46, 90, slots) { KeyType = type, ValueType = type };
                CheckMerged(attention, shape, seed++);
                CheckMerged(attention, shape with { Turn = 300, Window = 400, Sinks = true }, seed++);
                CheckMerged(attention, shape with { EmptyEvery = 5, Alibi = true, SoftCap = 3 }, seed++);
            }
        }

        // More heads than dot products serve.
        CheckMerged(attention, new AttentionShape(2, 20, 32, 32, 700) { KeyType = CacheType.F16 }, seed);
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void A_row_has_the_same_bits_beside_other_rows(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        foreach (int heads in (int[])[1, 3, 4, 7, 20])
        {
            foreach (CacheType type in Types)
            {
                var shape = new AttentionShape(6, heads, 64, 40, 1100) { KeyType = type, ValueType = type };
                CheckRows(attention, shape);
                // The rows' windows begin in different vectors, and some pieces are seen by some rows only.
                CheckRows(attention, shape with { Window = 75, Turn = 510, Rows = 11 });
                CheckRows(attention, shape with { Rows = 3, RowsBeforeEnd = 75, EmptyEvery = 2, Sinks = true });
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void Summing_up_at_once_gives_the_bits_of_merging_later(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        var shape = new AttentionShape(2, 3, 64, 64, 2000) { KeyType = CacheType.F16, ValueType = CacheType.F16 };
        using var test = new AttentionCase(shape, 3);
        using var pieces = new Pieces(attention, test.Task(0, 2));
        pieces.AttendBackwards();
        pieces.Merge();
        float[] later = test.Output.ToArray();
        test.Output.Clear();
        pieces.AttendAndAdd();
        CollectionAssert.AreEqual(later, test.Output.ToArray());
        Assert.AreEqual(4, pieces.Count);
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void A_piece_that_nobody_sees_changes_no_bit(string set)
    {
        ExactAttention attention = FloatSets.Attention(set);
        using var test = new AttentionCase(new AttentionShape(1, 3, 64, 64, 1024), 3);
        AttentionTask task = test.Task(0, 1);
        task.First = new SlotRange(512, 1024);
        attention.Attend(task, Scratch.Pointer);
        float[] expected = test.Output.ToArray();
        test.Output.Clear();
        using var pieces = new Pieces(attention, task);
        pieces.AttendBackwards();
        pieces.Merge();
        CollectionAssert.AreEqual(expected, test.Output.ToArray());
    }

    private static readonly AlignedBuffer<byte> Scratch = new(ExactAttention.ScratchBytes);

    private static void CheckMerged(ExactAttention attention, AttentionShape shape, int seed)
    {
        using var test = new AttentionCase(shape, seed);
        test.Output.Fill(float.NaN);
        using var pieces = new Pieces(attention, test.Task(0, shape.Rows));
        pieces.AttendBackwards();
        pieces.Merge();
        for (int query = 0; query < shape.Rows * shape.Heads; query++)
        {
            double[] expected = test.Reference(query / shape.Heads, query % shape.Heads);
            for (int k = 0; k < expected.Length; k++)
            {
                float actual = test.Output[(query * expected.Length) + k];
                Assert.AreEqual(expected[k], actual, AttentionChecks.Tolerance, $"{shape} query {query} element {k}");
            }
        }
    }

    private static void CheckRows(ExactAttention attention, AttentionShape shape)
    {
        using var test = new AttentionCase(shape, 5);
        using (var together = new Pieces(attention, test.Task(0, shape.Rows)))
        {
            together.AttendBackwards();
            together.Merge();
        }

        float[] expected = test.Output.ToArray();
        test.Output.Fill(float.NaN);
        for (int row = 0; row < shape.Rows; row++)
        {
            AttentionTask task = test.Task(row, 1);
            // The ranges of a row alone, as a ring gives them.
            int position = task.Positions[0], low = SlotBlock.Lowest(position, shape.Window);
            int begin = (low + shape.Turn) % shape.Slots, end = ((position + shape.Turn) % shape.Slots) + 1;
            task.First = new SlotRange(begin, end > begin ? end : shape.Slots);
            task.Second = end > begin ? default : new SlotRange(0, end);
            using var alone = new Pieces(attention, task);
            alone.AttendAndAdd();
        }

        CollectionAssert.AreEqual(expected, test.Output.ToArray(), $"{shape}");
    }

    /// <summary>A task and the states of its pieces.</summary>
    private sealed class Pieces : IDisposable
    {
        private readonly ExactAttention attention;
        private readonly AttentionTask task;
        private readonly AlignedBuffer<float> states;
        private readonly int floats;

        public Pieces(ExactAttention attention, AttentionTask task)
        {
            this.attention = attention;
            this.task = task;
            Count = AttentionPieces.Count(Math.Max(task.First.End, task.Second.End));
            floats = task.Rows * task.GroupHeads * AttentionState.Floats(task.ValueDimension);
            states = new AlignedBuffer<float>((nint)Math.Max(Count, 2) * floats);
            states.Slice(0, (int)states.Count).Fill(float.NaN);
        }

        public int Count { get; }

        public void AttendBackwards()
        {
            for (int piece = Count - 1; piece >= 0; piece--) Attend(piece, states.Pointer + (piece * floats));
        }

        public void Merge() => attention.Merge(task, states.Pointer, floats, Count);

        public void AttendAndAdd()
        {
            Attend(0, states.Pointer);
            for (int piece = 1; piece < Count; piece++)
            {
                Attend(piece, states.Pointer + floats);
                attention.Add(task, states.Pointer, states.Pointer + floats);
            }

            attention.Merge(task, states.Pointer, 0, 1);
        }

        public void Dispose() => states.Dispose();

        private void Attend(int piece, float* into)
        {
            AttentionTask part = task with
            {
                First = AttentionPieces.Within(piece, task.First, task.Second), Second = default,
            };
            attention.AttendPiece(part, into, Scratch.Pointer);
        }
    }
}
