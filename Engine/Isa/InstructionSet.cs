using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>The instruction sets for which kernels exist, worst first.</summary>
public enum InstructionSet
{
    /// <summary>No vector instructions: the oracle for all others.</summary>
    Scalar,

    /// <summary>Arm AdvSimd (NEON), 128 bit.</summary>
    Neon,

    /// <summary>NEON with the int8 dot product (SDOT).</summary>
    NeonDotProd,

    /// <summary>AVX2 and FMA, 256 bit; int8 products by <c>vpmaddubsw</c>.</summary>
    Avx2,

    /// <summary>AVX2, FMA and AVX-VNNI (<c>vpdpbusd</c>, 256 bit).</summary>
    Avx2Vnni,

    /// <summary>AVX-512 F/BW/DQ/VL; int8 products by <c>vpmaddubsw</c>, 512 bit.</summary>
    Avx512,

    /// <summary>AVX-512 for floats and AVX-VNNI (256 bit) for int8 products.</summary>
    Avx512Vnni,
}

/// <summary>What the machine, the runtime and its switches allow.</summary>
public static class InstructionSets
{
    /// <summary>The best instruction set that works here.</summary>
    public static InstructionSet Best { get; } = FindBest();

    /// <summary>All instruction sets that work here, worst first.</summary>
    public static IReadOnlyList<InstructionSet> Supported { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(IsSupported)];

    /// <summary>Their names, for messages.</summary>
    internal static string SupportedNames => string.Join(", ", Supported.Select(NameOf));

    /// <summary>True if kernels for <paramref name="isa"/> can run in this process.</summary>
    public static bool IsSupported(InstructionSet isa) => isa switch
    {
        InstructionSet.Scalar => true,
        InstructionSet.Neon => AdvSimd.Arm64.IsSupported,
        InstructionSet.NeonDotProd => AdvSimd.Arm64.IsSupported && Dp.IsSupported,
        InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        InstructionSet.Avx2Vnni => Avx2.IsSupported && Fma.IsSupported && AvxVnni.IsSupported,
        InstructionSet.Avx512 => HasAvx512,
        InstructionSet.Avx512Vnni => HasAvx512 && AvxVnni.IsSupported,
        _ => false,
    };

    /// <summary>True where 512-bit operations run as two halves: AMD's family 19h, of which Zen 4 has AVX-512.
    /// </summary>
    internal static bool SplitsVector512 { get; } = IsAmdFamily(0x19);

    /// <summary>Name as the command line spells it: <c>avx2-vnni</c>.</summary>
    public static string NameOf(InstructionSet isa) => isa switch
    {
        InstructionSet.Scalar => "scalar",
        InstructionSet.Neon => "neon",
        InstructionSet.NeonDotProd => "neon-dotprod",
        InstructionSet.Avx2 => "avx2",
        InstructionSet.Avx2Vnni => "avx2-vnni",
        InstructionSet.Avx512 => "avx512",
        InstructionSet.Avx512Vnni => "avx512-vnni",
        _ => throw new ArgumentOutOfRangeException(nameof(isa)),
    };

    /// <summary>Reads a name as <see cref="NameOf"/> writes it.</summary>
    public static bool TryParse(string name, out InstructionSet isa)
    {
        foreach (InstructionSet candidate in Enum.GetValues<InstructionSet>())
        {
            isa = candidate;
            if (string.Equals(NameOf(candidate), name, StringComparison.OrdinalIgnoreCase)) return true;
        }

        isa = default;
        return false;
    }

    private static bool HasAvx512 =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported
        && Vector512.IsHardwareAccelerated;

    /// <remarks>Leaf 0 names the vendor ("AuthenticAMD"), leaf 1 has the family in two parts that are added.</remarks>
    private static bool IsAmdFamily(int family)
    {
        if (!X86Base.IsSupported) return false;
        (_, int vendor0, int vendor2, int vendor1) = X86Base.CpuId(0, 0);
        int signature = X86Base.CpuId(1, 0).Eax;
        return (vendor0, vendor1, vendor2) == (0x68747541, 0x69746E65, 0x444D4163)
            && ((signature >> 8) & 0xF) + ((signature >> 20) & 0xFF) == family;
    }

    private static InstructionSet FindBest() => Enum.GetValues<InstructionSet>().Last(IsSupported);
}
