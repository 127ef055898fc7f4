using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Tests.Kernels;

[TestClass]
public sealed class PackedKernelTests
{
    public static IEnumerable<object[]> Cells =>
        from isa in Enum.GetValues<InstructionSet>()
        from layout in PackedLayout.All
        select new object[] { isa, layout.Format.Type };

    /// <summary>Exact integers, bounded floats, strips and rows behind them, every partition and number of tokens; and
    /// the weights end at a page that must not be touched.</summary>
    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void CellAgreesWithExactArithmetic(InstructionSet isa, WeightType type)
    {
        if (!InstructionSets.IsSupported(isa))
            Assert.Inconclusive($"{InstructionSets.NameOf(isa)} is not available on this machine");
        Assert.IsNull(PackedChecks.Find(isa, type));
        using var guarded = new GuardedMemory();
        if (GuardedMemory.IsSupported) Assert.IsNull(PackedChecks.Find(isa, type, guarded.Allocate));
    }

    [TestMethod]
    public void EveryFormatWithIntegerProductsIsPacked()
    {
        foreach (WeightFormat format in WeightFormats.All)
        {
            bool integer = QuantizedLinear.Find(InstructionSet.Scalar, format.Type) is not null;
            Assert.AreEqual(integer, PackedLayout.Find(format.Type) is not null, format.Name);
        }
    }

    [TestMethod]
    public void MultiplyAllocatesNothing()
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (PackedLayout layout in PackedLayout.All)
            {
                LinearKernel kernel = KernelSet.For(isa).PackedLinear(layout.Format.Type);
                using var data = new LinearCase(
                    layout.Format.Type, LinearCaseKind.Random, 37, 512, 33, 0, null, packed: true);
                float[] output = new float[37 * 33];
                data.Run(kernel, 1, 37, output);
                data.Run(kernel, 33, 37, output);
                long before = GC.GetAllocatedBytesForCurrentThread();
                data.Run(kernel, 1, 37, output);
                data.Run(kernel, 33, 37, output);
                Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread(), kernel.Name);
            }
        }
    }
}
