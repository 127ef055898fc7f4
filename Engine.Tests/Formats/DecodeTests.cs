using Engine.Formats;

namespace Engine.Tests.Formats;

[TestClass]
public sealed class DecodeTests
{
    public static IEnumerable<object[]> Types => FormatVectors.All.Select(entry => new object[] { entry.Type });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void TypeIsRegisteredWithItsIdAndBlockShape(string type)
    {
        FormatVectors.Entry entry = Find(type);
        WeightFormat format = entry.Format;
        Assert.AreEqual(entry.Id, (int)format.Type);
        Assert.AreEqual(entry.BlockElements, format.BlockElements);
        Assert.AreEqual(entry.BlockBytes, format.BlockBytes);
        Assert.AreEqual(type.ToUpperInvariant(), format.Name);
    }

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void EncodedBlocksDecodeBitForBit(string type)
    {
        if (Find(type).Encoded) AssertDecodes(type, $"{type}.blocks", $"{type}.f32");
    }

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void RandomBlocksDecodeBitForBit(string type) =>
        AssertDecodes(type, $"{type}.random.blocks", $"{type}.random.f32");

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void DecodingAllocatesNothing(string type)
    {
        WeightFormat format = Find(type).Format;
        byte[] blocks = FormatVectors.Bytes($"{type}.random.blocks");
        var values = new float[blocks.Length / format.BlockBytes * format.BlockElements];
        format.Decode(blocks, values);
        long before = GC.GetAllocatedBytesForCurrentThread();
        format.Decode(blocks, values);
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void BlocksAndValuesThatDoNotFitAreRefused(string type)
    {
        WeightFormat format = Find(type).Format;
        Assert.ThrowsExactly<ArgumentException>(
            () => format.Decode(new byte[format.BlockBytes], new float[format.BlockElements + 1]));
        Assert.ThrowsExactly<ArgumentException>(
            () => format.Decode(new byte[(2 * format.BlockBytes) - 1], new float[2 * format.BlockElements]));
    }

    [TestMethod]
    [DataRow(WeightType.Q8_1)]
    [DataRow(WeightType.Q8_K)]
    [DataRow(WeightType.I32)]
    [DataRow((WeightType)4)]
    [DataRow((WeightType)(-1))]
    [DataRow((WeightType)1000)]
    public void TypesThatHoldNoWeightsAreNotKnown(WeightType type)
    {
        Assert.IsFalse(WeightFormats.TryGet(type, out _));
        Assert.ThrowsExactly<NotSupportedException>(() => WeightFormats.Get(type));
    }

    [TestMethod]
    public void NoFormatLacksItsVectors()
    {
        foreach (WeightFormat format in WeightFormats.All)
        {
            if (format.Type == WeightType.F32) continue;
            Assert.IsTrue(FormatVectors.All.Any(entry => entry.Id == (int)format.Type), format.Name);
        }
    }

    private static FormatVectors.Entry Find(string type) => FormatVectors.All.Single(entry => entry.Type == type);

    private static void AssertDecodes(string type, string blocksFile, string valuesFile)
    {
        WeightFormat format = Find(type).Format;
        float[] expected = FormatVectors.Floats(valuesFile);
        var actual = new float[expected.Length];
        format.Decode(FormatVectors.Bytes(blocksFile), actual);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToUInt32Bits(expected[i]) == BitConverter.SingleToUInt32Bits(actual[i])) continue;
            Assert.Fail($"{type}: element {i % format.BlockElements} of block {i / format.BlockElements} is "
                + $"{actual[i]:R}, not {expected[i]:R}");
        }
    }
}
