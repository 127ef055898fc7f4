using Engine.Formats;
using Engine.Formats.Packed;

namespace Engine.Tests.Formats;

[TestClass]
public sealed class PackedLayoutTests
{
    public static IEnumerable<object[]> Types => PackedLayout.All.Select(layout => new object[] { layout.Format.Type });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void UnpackingGivesTheBytesBack(WeightType type)
    {
        PackedLayout layout = PackedLayout.Find(type)!;
        int size = layout.Format.BlockBytes;
        foreach (int blocks in new[] { 1, 2, 3, 8, 9 })
        {
            byte[] rows = new byte[PackedLayout.Rows * blocks * size], strip = new byte[rows.Length];
            new Random(blocks).NextBytes(rows);
            layout.Pack(rows, strip);
            Assert.IsFalse(strip.AsSpan().SequenceEqual(rows), "packing changes the order");
            byte[] back = new byte[rows.Length];
            for (int row = 0; row < PackedLayout.Rows; row++)
                for (int block = 0; block < blocks; block++)
                    layout.Unpack(strip, row, block, back.AsSpan((row * blocks + block) * size, size));
            CollectionAssert.AreEqual(rows, back, $"{type}, {blocks} blocks");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void FieldsLieWhereTheDocumentSays(WeightType type)
    {
        PackedLayout layout = PackedLayout.Find(type)!;
        int size = layout.Format.BlockBytes;
        Assert.AreEqual(size, layout.QuantBytes + layout.IntegerBytes + layout.ScaleBytes);
        Assert.AreEqual(0, layout.QuantBytes % 4);
        // Three blocks: scales of two, their quants, then the third by itself.
        int quants = layout.QuantBytes * PackedLayout.Rows, scales = size * PackedLayout.Rows - quants;
        Assert.AreEqual((2L * scales, 0L), PackedLayout.Locate(3, 0, layout.QuantBytes, size));
        Assert.AreEqual((2L * scales + quants, (long)scales), PackedLayout.Locate(3, 1, layout.QuantBytes, size));
        Assert.AreEqual((2L * quants + 3 * scales, 2L * (quants + scales)),
            PackedLayout.Locate(3, 2, layout.QuantBytes, size));
    }

    [TestMethod]
    public void Q4_0PutsFourBytesOfSixteenRowsSideBySide()
    {
        PackedLayout layout = PackedLayout.Find(WeightType.Q4_0)!;
        byte[] rows = new byte[16 * 18], strip = new byte[rows.Length];
        for (int row = 0; row < 16; row++)
            for (int i = 0; i < 18; i++) rows[18 * row + i] = (byte)(16 * row + i - 2);
        layout.Pack(rows, strip);
        for (int row = 0; row < 16; row++)
        {
            for (int i = 0; i < 16; i++) Assert.AreEqual(16 * row + i, strip[32 + 64 * (i / 4) + 4 * row + i % 4]);
            Assert.AreEqual((byte)(16 * row - 2), strip[2 * row]);
        }
    }

    [TestMethod]
    public void ScalesThatAreNotFiniteAreSeen()
    {
        foreach (PackedLayout layout in PackedLayout.All)
        {
            if (layout.ScaleBytes == 0) continue;
            byte[] block = new byte[2 * layout.Format.BlockBytes];
            Assert.IsTrue(layout.HasFiniteScales(block), layout.Format.Name);
            // Whatever byte holds the upper half of a scale: an infinity in it must be found.
            int found = 0;
            for (int i = 0; i < block.Length; i++)
            {
                block[i] = 0x7C;
                if (!layout.HasFiniteScales(block)) found++;
                block[i] = 0;
            }

            Assert.AreEqual(layout.ScaleBytes, found, layout.Format.Name);
        }
    }
}
