using Engine.Formats;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Tests.Kernels;

[TestClass]
public sealed class LinearKernelTests
{
    public static IEnumerable<object[]> Cells =>
        from isa in Enum.GetValues<InstructionSet>()
        from format in WeightFormats.All
        select new object[] { isa, format.Type };

    /// <summary>Exact integers, bounded floats, odd row counts, ragged token counts, every partition; and the weights
    /// end at a page that must not be touched.</summary>
    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void CellAgreesWithExactArithmetic(InstructionSet isa, WeightType type)
    {
        if (!InstructionSets.IsSupported(isa))
            Assert.Inconclusive($"{InstructionSets.NameOf(isa)} is not available on this machine");
        Assert.AreEqual(isa, KernelSet.For(isa).InstructionSet);
        Assert.Contains(InstructionSets.NameOf(isa), KernelSet.For(isa).Linear(type).Name);
        Assert.IsNull(LinearChecks.Find(isa, type));
        using var guarded = new GuardedMemory();
        if (GuardedMemory.IsSupported) Assert.IsNull(LinearChecks.Find(isa, type, guarded.Allocate));
    }

    [TestMethod]
    public void FormatsWithIntegerProductsHaveTheirOwnCells()
    {
        WeightType[] fast =
        [
            WeightType.Q4_0, WeightType.Q4_1, WeightType.Q5_0, WeightType.Q5_1, WeightType.Q8_0, WeightType.IQ4_NL,
            WeightType.MXFP4, WeightType.Q2_K, WeightType.Q3_K, WeightType.Q4_K, WeightType.Q5_K, WeightType.Q6_K,
            WeightType.IQ4_XS,
        ];
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (WeightType type in fast)
                Assert.AreNotEqual(ActivationKinds.Single, KernelSet.For(isa).Linear(type).Input, $"{isa} {type}");
        }
    }

    /// <summary>Kernels take what they need from the caller: nothing is allocated however many tokens come.</summary>
    [TestMethod]
    public void MultiplyAllocatesNothing()
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (WeightFormat format in WeightFormats.All)
            {
                LinearKernel kernel = KernelSet.For(isa).Linear(format.Type);
                using var data = new LinearCase(format.Type, LinearCaseKind.Random, 21, 512, 33, 0, null);
                float[] output = new float[21 * 33];
                data.Run(kernel, 1, 21, output);
                data.Run(kernel, 33, 21, output);
                long before = GC.GetAllocatedBytesForCurrentThread();
                data.Run(kernel, 1, 21, output);
                data.Run(kernel, 33, 21, output);
                Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread(), kernel.Name);
            }
        }
    }

    /// <summary>Which of the two tiles runs depends on the processor: both are executed here, and give the same bits.
    /// </summary>
    [TestMethod]
    [DataRow(WeightType.Q8_0, false)]
    [DataRow(WeightType.Q8_0, true)]
    [DataRow(WeightType.IQ4_NL, false)]
    [DataRow(WeightType.IQ4_NL, true)]
    public void WordsInHalvesAreTheSame(WeightType type, bool packed)
    {
        const InstructionSet Isa = InstructionSet.Avx512;
        if (!InstructionSets.IsSupported(Isa)) Assert.Inconclusive("AVX-512 is not available on this machine");
        LinearKernel Cell(bool halves)
        {
            LinearKernel plain = QuantizedLinear.EightBitBlocks(Isa, type, halves)!;
            return packed ? PackedLinear.EightBitBlocks(Isa, type, ((ByTokensLinear)plain).Few, halves)! : plain;
        }

        LinearKernel whole = Cell(false), halves = Cell(true);
        Assert.Contains(nameof(Avx512WordTile), whole.CellFor(33).Name);
        Assert.Contains("WordTile256", halves.CellFor(33).Name);
        foreach (LinearCaseKind kind in Enum.GetValues<LinearCaseKind>())
        {
            using var data = new LinearCase(type, kind, 53, 2144, 33, 0, null, packed);
            float[] expected = data.Run(whole, 33, 53);
            CollectionAssert.AreEqual(expected, data.Run(halves, 33, 53), $"{kind}");
            if (packed) CollectionAssert.AreEqual(expected[..53], data.Run(halves, 1, 53), $"{kind}, alone");
        }
    }
}
