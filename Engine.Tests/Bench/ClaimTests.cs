using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Bench;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Tests.Bench;

/// <summary>What a benchmark claims to measure, it measures: its checks pass for the cells of the instruction set, and
/// for no others.</summary>
[TestClass]
public sealed class ClaimTests
{
    private static readonly int[] Tokens = [1, 256];

    [TestMethod]
    public void Cells_of_the_instruction_set_pass()
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
            foreach ((WeightType type, bool packed) in Matrices())
                foreach (int tokens in Tokens)
                    Claim.CheckCell(isa, Kernel(isa, type, packed), type, packed, tokens);
    }

    [TestMethod]
    public void Cells_of_another_instruction_set_order_or_format_are_refused()
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach ((WeightType type, bool packed) in Matrices())
            {
                foreach (int tokens in Tokens)
                {
                    LinearKernel kernel = Kernel(isa, type, packed);
                    foreach (InstructionSet other in Enum.GetValues<InstructionSet>().Where(other => other != isa))
                        Refused(() => Claim.CheckCell(other, kernel, type, packed, tokens));
                    Refused(() => Claim.CheckCell(isa, kernel, type, !packed, tokens));
                    WeightType wrong = type == WeightType.Q4_0 ? WeightType.Q4_1 : WeightType.Q4_0;
                    Refused(() => Claim.CheckCell(isa, kernel, wrong, packed, tokens));
                }
            }
        }
    }

    /// <summary>Cells are named after the instruction set that was asked for: their words must be looked at.</summary>
    [TestMethod]
    public void A_right_name_over_wrong_words_is_refused()
    {
        if (InstructionSets.Supported.Count == 1) Assert.Inconclusive("there is one instruction set here");
        int refused = 0;
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (InstructionSet other in InstructionSets.Supported.Where(other => other != isa))
            {
                foreach ((WeightType type, bool packed) in Matrices())
                {
                    foreach (int tokens in Tokens)
                    {
                        // Few tokens go through the same words on AVX2 and AVX-512.
                        if (WordsOf(isa, type, packed, tokens) == WordsOf(other, type, packed, tokens)) continue;
                        var named = new Renamed(Kernel(other, type, packed), Kernel(isa, type, packed));
                        Refused(() => Claim.CheckCell(isa, named, type, packed, tokens));
                        refused++;
                    }
                }
            }
        }

        Assert.IsGreaterThan(0, refused);
    }

    [TestMethod]
    public void Float_kernels_are_told_apart_by_their_vectors()
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (object kernels in (object[])
                [VectorKernels.For(isa), ExactAttention.For(isa), HyperAttention.For(isa)])
            {
                Claim.CheckVectors(isa, kernels);
                foreach (InstructionSet other in InstructionSets.Supported)
                    if (VectorKernels.For(other).GetType() != VectorKernels.For(isa).GetType())
                        Refused(() => Claim.CheckVectors(other, kernels));
            }
        }
    }

    [TestMethod]
    public void A_process_without_a_claim_measures_nothing() => Refused(() => Claim.Check());

    [TestMethod]
    public void What_allocates_is_refused()
    {
        object? kept = null;
        Claim.CheckAllocation(() => kept ??= new object());
        Refused(() => Claim.CheckAllocation(() => kept = new object()));
        GC.KeepAlive(kept);
    }

    /// <summary>No format is left out.</summary>
    [TestMethod]
    public void Every_format_and_order_has_its_classes()
    {
        string folder = Path.Combine(TestData.Root, "Engine.Bench");
        string source = File.ReadAllText(Path.Combine(folder, "LinearCells.cs"))
            + File.ReadAllText(Path.Combine(folder, "PackedCells.cs"));
        foreach ((WeightType type, bool packed) in Matrices())
        {
            foreach (string kind in (string[])["MatVec", "Tile"])
            {
                string name = packed ? $"{kind}Packed{type}" : $"{kind}{type}";
                string arguments = packed ? $"WeightType.{type}, packed: true" : $"WeightType.{type}";
                Assert.Contains($"public class {name}() : {kind}({arguments});", source);
            }
        }
    }

    private static IEnumerable<(WeightType Type, bool Packed)> Matrices() =>
        WeightFormats.All.Select(format => (format.Type, false))
            .Concat(PackedLayout.All.Select(layout => (layout.Format.Type, true)));

    private static LinearKernel Kernel(InstructionSet isa, WeightType type, bool packed) =>
        packed ? KernelSet.For(isa).PackedLinear(type) : KernelSet.For(isa).Linear(type);

    private static Type WordsOf(InstructionSet isa, WeightType type, bool packed, int tokens) =>
        CellTable.Computing(Kernel(isa, type, packed), tokens).GetType();

    private static void Refused(Action check) => Assert.ThrowsExactly<InvalidOperationException>(check);

    /// <summary>Computes with one cell under the name of another.</summary>
    private sealed unsafe class Renamed(LinearKernel words, LinearKernel name) : LinearKernel
    {
        public override ActivationKinds Input => words.Input;

        public override int RowGranularity => words.RowGranularity;

        public override string Name => name.Name;

        // The name is asked first.
        private bool asked;

        public override LinearKernel CellFor(int rows)
        {
            LinearKernel cell = asked ? words.CellFor(rows) : name.CellFor(rows);
            asked = true;
            return cell;
        }

        public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
            float* output, nint outputStride, byte* scratch) => throw new NotSupportedException();
    }
}
