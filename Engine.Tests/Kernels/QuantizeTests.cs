using System.Runtime.InteropServices;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Tests.Kernels;

/// <summary>Conversions to int8 and binary16: the same bits on every instruction set.</summary>
[TestClass]
public sealed unsafe class QuantizeTests
{
    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void ActivationsAreTheNearestQuants(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        foreach (int group in (int[])[32, 256])
        {
            foreach (int n in (int[])[0, 32, 64, 96, 256, 288, 576, 1024])
            {
                foreach (float magnitude in (float[])[1e-38f, 1e-31f, 1e-20f, 1, 3e38f])
                    CheckActivations(kernels, n, group, magnitude);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void FaultyActivationsStayVisibleAndDoNotSpread(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        foreach (float fault in (float[])[float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            using GuardedBuffer<float> x = new(96), scales = new(3);
            using GuardedBuffer<sbyte> quants = new(96);
            using GuardedBuffer<short> sums = new(6);
            x.Span.Fill(2);
            x.Pointer[40] = fault;
            kernels.Quantize(x.Pointer, 96, 32, quants.Pointer, scales.Pointer, sums.Pointer);
            Assert.AreEqual(2f / 127, scales.Pointer[0]);
            Assert.IsTrue(float.IsNaN(scales.Pointer[1]));
            Assert.AreEqual(2f / 127, scales.Pointer[2]);
            for (int i = 0; i < 96; i++) Assert.AreEqual(i / 32 == 1 ? 0 : 127, quants.Pointer[i]);
            for (int i = 0; i < 6; i++) Assert.AreEqual(i / 2 == 1 ? 0 : 16 * 127, sums.Pointer[i]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void HalfTakesEveryValueThereAndBack(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        using GuardedBuffer<ushort> all = new(65536), back = new(65536);
        using GuardedBuffer<float> wide = new(65536);
        for (int i = 0; i < all.Count; i++) all.Pointer[i] = (ushort)i;
        kernels.FromHalf(all.Pointer, wide.Pointer, all.Count);
        kernels.ToHalf(wide.Pointer, back.Pointer, all.Count);
        for (int i = 0; i < all.Count; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            if (float.IsNaN(expected))
            {
                Assert.IsTrue(float.IsNaN(wide.Pointer[i]) && (back.Pointer[i] & 0x7FFF) > 0x7C00, $"{i:X4}");
                continue;
            }

            Assert.AreEqual(BitConverter.SingleToUInt32Bits(expected),
                BitConverter.SingleToUInt32Bits(wide.Pointer[i]), $"{i:X4}");
            Assert.AreEqual(i, back.Pointer[i], $"{i:X4}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void HalfRoundsToNearestEven(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        using GuardedBuffer<float> x = new(8 * 65536);
        using GuardedBuffer<ushort> half = new(x.Count);
        for (int i = 0; i < x.Count; i++)
        {
            // Every half's neighbourhood: exact, just below and above, the tie to the next and around it.
            float exact = HalfConversion.ToSingle((ushort)(i / 8));
            uint bits = BitConverter.SingleToUInt32Bits(exact);
            uint offset = (i % 8) switch
            {
                0 => 0, 1 => 1, 2 => 0xFFF, 3 => 0x1000, 4 => 0x1001, 5 => 0x800, _ => 0x1FFF,
            };
            x.Pointer[i] = BitConverter.UInt32BitsToSingle(bits + offset);
        }

        kernels.ToHalf(x.Pointer, half.Pointer, x.Count);
        for (int i = 0; i < x.Count; i++)
        {
            if (float.IsNaN(x.Pointer[i])) continue;
            if (HalfConversion.FromSingle(x.Pointer[i]) != half.Pointer[i])
                Assert.Fail($"{x.Pointer[i]:R} gave {half.Pointer[i]:X4}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void HalfAtOddLengths(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        for (int n = 0; n <= 70; n++)
        {
            using GuardedBuffer<float> x = new(n), back = new(n);
            using GuardedBuffer<ushort> half = new(n);
            for (int i = 0; i < n; i++) x.Pointer[i] = (i - 30) / 4f;
            kernels.ToHalf(x.Pointer, half.Pointer, n);
            kernels.FromHalf(half.Pointer, back.Pointer, n);
            CollectionAssert.AreEqual(x.Span.ToArray(), back.Span.ToArray());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void CacheBlocksRoundHalfAwayFromZero(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        var random = new Random(3);
        for (int n = 0; n <= 100; n++)
        {
            using GuardedBuffer<float> x = new(n);
            using GuardedBuffer<byte> output = new((n + 31) / 32 * 34);
            foreach (ref float value in x.Span) value = (random.Next(-254, 255) / 2f) * (n % 3 == 0 ? 1 : 0.37f);
            // 127 in each block makes the scale 1, so that every other value is a tie.
            for (int i = 0; i < n && n % 3 == 0; i += 32) x.Pointer[i] = -127;
            kernels.QuantizeQ8_0Row(x.Pointer, output.Pointer, n);
            for (int begin = 0; begin < n; begin += 32) CheckBlock(x.Span[begin..Math.Min(n, begin + 32)],
                output.Span.Slice(begin / 32 * 34, 34));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void FaultyCacheBlocksDoNotCrash(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        using GuardedBuffer<float> x = new(32);
        using GuardedBuffer<byte> output = new(34);
        foreach (float fault in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            x.Span.Fill(1);
            x.Pointer[7] = fault;
            kernels.QuantizeQ8_0Row(x.Pointer, output.Pointer, 32);
            Assert.IsFalse(float.IsFinite(HalfConversion.ToSingle(MemoryMarshal.Read<ushort>(output.Span))));
            foreach (byte quant in output.Span[2..]) Assert.AreEqual(0, quant);
        }
    }

    private static void CheckActivations(VectorKernels kernels, int n, int group, float magnitude)
    {
        int groups = (n + group - 1) / group;
        using GuardedBuffer<float> x = new(n), scales = new(groups);
        using GuardedBuffer<sbyte> quants = new(n);
        using GuardedBuffer<short> sums = new(n / 16);
        var random = new Random(n + group);
        foreach (ref float value in x.Span) value = ((random.NextSingle() * 2) - 1) * magnitude;
        if (n > 64) x.Span.Slice(32, 32).Clear();
        kernels.Quantize(x.Pointer, n, group, quants.Pointer, scales.Pointer, sums.Pointer);
        for (int g = 0; g < groups; g++)
        {
            Span<float> values = x.Span[(g * group)..Math.Min(n, (g + 1) * group)];
            float max = 0;
            foreach (float value in values) max = Math.Max(max, Math.Abs(value));
            bool isZero = max < 1e-30f;
            Assert.AreEqual(isZero ? 0 : max / 127f, scales.Pointer[g], $"n {n} group {g} of {group}");
            float inverse = isZero ? 0 : 127f / max;
            for (int i = 0; i < values.Length; i++)
            {
                Assert.AreEqual((int)MathF.Round(values[i] * inverse, MidpointRounding.ToEven),
                    quants.Pointer[(g * group) + i], $"n {n} group {g} of {group}, element {i}");
            }
        }

        for (int s = 0; s < n / 16; s++)
        {
            int sum = 0;
            for (int i = 0; i < 16; i++) sum += quants.Pointer[(16 * s) + i];
            Assert.AreEqual(sum, sums.Pointer[s]);
        }
    }

    private static void CheckBlock(Span<float> x, Span<byte> block)
    {
        float max = 0;
        foreach (float value in x) max = Math.Max(max, Math.Abs(value));
        float scale = max / 127f, inverse = scale > 0 ? 1f / scale : 0;
        Assert.AreEqual(HalfConversion.FromSingle(scale), MemoryMarshal.Read<ushort>(block));
        for (int i = 0; i < 32; i++)
        {
            int expected = i < x.Length ? (int)MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero) : 0;
            Assert.AreEqual(expected, (sbyte)block[2 + i], $"element {i}");
        }
    }
}
