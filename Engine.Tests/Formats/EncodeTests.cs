using Engine.Formats;

namespace Engine.Tests.Formats;

[TestClass]
public sealed class EncodeTests
{
    public TestContext TestContext { get; set; } = null!;

    /// <summary>The formats without an encoder of ours: their codebooks ask for a search of their own.</summary>
    private static readonly WeightType[] DecodeOnly =
    [
        WeightType.IQ1_S, WeightType.IQ1_M, WeightType.IQ2_XXS, WeightType.IQ2_XS, WeightType.IQ2_S,
        WeightType.IQ3_XXS, WeightType.IQ3_S,
    ];

    public static IEnumerable<object[]> Encoders =>
        WeightFormats.All.Where(format => format.CanEncode).Select(format => new object[] { format.Name });

    [TestMethod]
    public void EveryFormatWithoutACodebookEncodes()
    {
        foreach (WeightFormat format in WeightFormats.All)
            Assert.AreEqual(!DecodeOnly.Contains(format.Type), format.CanEncode, format.Name);
    }

    [TestMethod]
    public void FormatsWithoutEncoderSaySo()
    {
        foreach (WeightType type in DecodeOnly)
        {
            WeightFormat format = WeightFormats.Get(type);
            var error = Assert.ThrowsExactly<NotSupportedException>(
                () => format.Encode(new float[format.BlockElements], new byte[format.BlockBytes]));
            StringAssert.Contains(error.Message, format.Name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void ErrorIsNotAboveGgmls(string name)
    {
        WeightFormat format = Find(name);
        FormatVectors.Entry? entry = FormatVectors.All.SingleOrDefault(entry => entry.Id == (int)format.Type);
        double limit = entry is null ? 0 : entry.Rmse!.Value;
        float[] source = FormatVectors.Source;
        float[] decoded = RoundTrip(format, source);
        double rmse = Rmse(source, decoded);
        TestContext.WriteLine($"{name}: rmse {rmse:F7}, limit {limit:F7}, ratio {rmse / limit:F4}");

        // The limit is printed as the float32 that was measured, hence the last digit of a float32.
        Assert.IsTrue(rmse <= limit * 1.000001, $"{name}: rmse {rmse:R} is above {limit:R}");
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void ErrorOfEachRowIsNotAboveGgmls(string name)
    {
        WeightFormat format = Find(name);
        if (format.BlockElements == 1) return;
        float[] source = FormatVectors.Source;
        float[] ours = RoundTrip(format, source);
        float[] ggmls = FormatVectors.Floats($"{FormatVectors.All.Single(e => e.Id == (int)format.Type).Type}.f32");
        for (int row = 0; row < source.Length; row += 512)
        {
            double limit = Rmse(source.AsSpan(row, 512), ggmls.AsSpan(row, 512));
            double rmse = Rmse(source.AsSpan(row, 512), ours.AsSpan(row, 512));
            TestContext.WriteLine($"{name} row {row / 512}: {rmse:E4} of {limit:E4}");

            // A row that one binary16 decides (all values alike) may lose its last digit, 2⁻¹¹ of the values.
            double digit = Rmse(source.AsSpan(row, 512), new float[512]) / 2048;
            Assert.IsTrue(rmse <= Math.Max(limit * 1.001, digit), $"{name}, row {row / 512}: {rmse:R} of {limit:R}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void EncodingAgainLosesLittle(string name)
    {
        // The search finds its way back to values that the format holds, up to a part of the first loss: a group whose
        // values do not reach the ends of its codes looks like one with a smaller scale.
        WeightFormat format = Find(name);
        float[] source = FormatVectors.Source;
        float[] once = RoundTrip(format, source);
        float[] twice = RoundTrip(format, once);
        Assert.IsTrue(
            Rmse(once, twice) <= 0.25 * Rmse(source, once), $"{name}: {Rmse(once, twice):R} of {Rmse(source, once):R}");
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void ExtremeBlocksStayFinite(string name)
    {
        WeightFormat format = Find(name);
        foreach (float extreme in new[] { 0f, -0f, 1e-30f, -1e-8f, 6e4f, 1e30f, -3e38f })
        {
            var values = new float[format.BlockElements];
            for (int i = 0; i < values.Length; i++) values[i] = i % 3 == 0 ? extreme : extreme / (i + 1);
            var blocks = new byte[format.BlockBytes];
            format.Encode(values, blocks);
            format.Decode(blocks, values);
            if (format.Type is WeightType.F16) continue;
            foreach (float value in values) Assert.IsTrue(float.IsFinite(value), $"{name}: {extreme} gives {value}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void ValuesThatAreNotFiniteDoNoHarm(string name)
    {
        // No use can be made of them, but one bad tensor must not end a conversion with an index error.
        WeightFormat format = Find(name);
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            for (int step = 1; step <= 3; step++)
            {
                var values = new float[format.BlockElements];
                for (int i = 0; i < values.Length; i++) values[i] = i % step == 0 ? bad : i - 7;
                format.Encode(values, new byte[format.BlockBytes]);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void EncodingIsTheSameTwiceAndBlockByBlock(string name)
    {
        WeightFormat format = Find(name);
        float[] source = FormatVectors.Source;
        var whole = new byte[format.BytesOf(source.Length)];
        Array.Fill(whole, (byte)0xA5);
        format.Encode(source, whole);
        var single = new byte[format.BlockBytes];
        for (int block = 0; block < source.Length / format.BlockElements; block++)
        {
            format.Encode(source.AsSpan(block * format.BlockElements, format.BlockElements), single);
            CollectionAssert.AreEqual(whole[(block * format.BlockBytes)..((block + 1) * format.BlockBytes)], single);
        }
    }

    private static WeightFormat Find(string name) => WeightFormats.All.Single(format => format.Name == name);

    private static float[] RoundTrip(WeightFormat format, float[] values)
    {
        var blocks = new byte[format.BytesOf(values.Length)];
        format.Encode(values, blocks);
        var decoded = new float[values.Length];
        format.Decode(blocks, decoded);
        return decoded;
    }

    private static double Rmse(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double sum = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double rest = (double)expected[i] - actual[i];
            sum += rest * rest;
        }

        return Math.Sqrt(sum / expected.Length);
    }
}
