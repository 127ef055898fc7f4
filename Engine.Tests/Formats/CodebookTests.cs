using Engine.Formats.Codebooks;

namespace Engine.Tests.Formats;

[TestClass]
public sealed class CodebookTests
{
    [TestMethod]
    public void PointsAscendAndUseOnlyTheLevelsThereAre()
    {
        // The random vectors reach most points, not all; a slip in the others would break the order or a code.
        Check(IQ1Grid.Points, IQ1Grid.Levels, 2048, 2);
        Check(IQ2_XXSGrid.Points, IQ2_XXSGrid.Levels, 256, 2);
        Check(IQ2_XSGrid.Points, IQ2_XSGrid.Levels, 512, 2);
        Check(IQ2_SGrid.Points, IQ2_SGrid.Levels, 1024, 2);
        Check(IQ3_XXSGrid.Points, IQ3_XXSGrid.Levels, 256, 4);
        Check(IQ3_SGrid.Points, IQ3_SGrid.Levels, 512, 4);
    }

    [TestMethod]
    public void StoredSignsAreCompletedToAnEvenNumberOfMinuses()
    {
        for (uint stored = 0; stored < 128; stored++)
        {
            int signs = Codebook.EvenSigns(stored | 0x80);
            Assert.AreEqual((int)stored, signs & 127);
            Assert.AreEqual(0, int.PopCount(signs) % 2);
            Assert.AreEqual(0, signs >> 8);
        }
    }

    private static void Check(ReadOnlySpan<ushort> points, ReadOnlySpan<sbyte> levels, int count, int bits)
    {
        Assert.AreEqual(count, points.Length);
        for (int i = 0; i < points.Length; i++)
        {
            if (i > 0) Assert.IsTrue(points[i] > points[i - 1], $"point {i} of {count}");
            for (int shift = 0; shift < 16; shift += bits)
                Assert.IsTrue((points[i] >> shift & ((1 << bits) - 1)) < levels.Length, $"point {i} of {count}");
        }
    }
}
