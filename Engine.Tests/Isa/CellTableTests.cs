using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;

namespace Engine.Tests.Isa;

/// <summary>The table of chosen kernels, by which native builds are compared with the just-in-time compiler.</summary>
[TestClass]
public sealed class CellTableTests
{
    public static IEnumerable<object[]> Supported => InstructionSets.Supported.Select(isa => new object[] { isa });

    [TestMethod]
    [DynamicData(nameof(Supported))]
    public void Every_format_has_a_cell_of_the_instruction_set(InstructionSet isa)
    {
        Dictionary<string, string> cells = CellTable.Of(isa).ToDictionary(pair => pair.Use, pair => pair.Cell);
        string name = InstructionSets.NameOf(isa);
        foreach (WeightFormat format in WeightFormats.All)
            Assert.StartsWith($"{format.Name} {name}", cells[format.Name]);
        foreach (string fast in (string[])["F16", "Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K"])
            Assert.DoesNotContain(" decoded", cells[fast]);
        foreach (PackedLayout layout in PackedLayout.All)
            Assert.StartsWith($"{layout.Format.Name} {name} packed", cells[$"{layout.Format.Name} packed"]);
    }

    [TestMethod]
    [DynamicData(nameof(Supported))]
    public void The_table_shows_the_width_of_the_vectors(InstructionSet isa)
    {
        string words = isa switch
        {
            InstructionSet.Scalar => "FloatWordsScalar",
            InstructionSet.Neon or InstructionSet.NeonDotProd => "FloatWords128",
            InstructionSet.Avx2 or InstructionSet.Avx2Vnni => "FloatWords256",
            _ => "FloatWords512",
        };
        foreach ((string use, string cell) in CellTable.Of(isa)
            .Where(pair => pair.Use is "vector" or "attention" or "hyper attention"))
            Assert.Contains($"<{words}, ", cell, use);
    }

    /// <summary>A native build that lost an instruction set has the same names and other words.</summary>
    [TestMethod]
    public void The_table_shows_the_words_of_linear_cells()
    {
        InstructionSet[] sets = [.. InstructionSets.Supported.Where(isa => isa is InstructionSet.Scalar
            or InstructionSet.Neon or InstructionSet.Avx2 or InstructionSet.Avx512)];
        foreach (string use in WeightFormats.All.Select(format => format.Name)
            .Concat(PackedLayout.All.Select(layout => $"{layout.Format.Name} packed")))
        {
            string[] words = [.. sets.Select(isa => CellTable.Of(isa).Single(pair => pair.Use == use).Cell)
                .Select(cell => cell[cell.IndexOf(": ", StringComparison.Ordinal)..])];
            Assert.HasCount(sets.Length, words.Distinct(), use);
        }
    }
}
