using System.Diagnostics.CodeAnalysis;

namespace Engine.Formats;

/// <summary>The formats this engine knows, by GGUF type id.</summary>
internal static class WeightFormats
{
    private static readonly WeightFormat?[] ByType = Build(
        new F32Format(),
        new F16Format(),
        new BF16Format(),
        new Q4_0Format(),
        new Q4_1Format(),
        new Q5_0Format(),
        new Q5_1Format(),
        new Q8_0Format(),
        new Q2_KFormat(),
        new Q3_KFormat(),
        new Q4_KFormat(),
        new Q5_KFormat(),
        new Q6_KFormat(),
        new IQ1_SFormat(),
        new IQ1_MFormat(),
        new IQ2_XXSFormat(),
        new IQ2_XSFormat(),
        new IQ2_SFormat(),
        new IQ3_XXSFormat(),
        new IQ3_SFormat(),
        new IQ4_NLFormat(),
        new IQ4_XSFormat(),
        new TQ1_0Format(),
        new TQ2_0Format(),
        new MXFP4Format(),
        new NVFP4Format(),
        new Q1_0Format(),
        new Q2_0Format());

    /// <summary>All known formats in the order of their ids.</summary>
    public static IEnumerable<WeightFormat> All => ByType.Where(format => format is not null)!;

    /// <summary>Looks a format up; false for ids that this engine does not know or that hold no weights.</summary>
    public static bool TryGet(WeightType type, [NotNullWhen(true)] out WeightFormat? format)
    {
        format = (uint)type < (uint)ByType.Length ? ByType[(int)type] : null;
        return format is not null;
    }

    /// <summary>The format of a type that is known to exist.</summary>
    public static WeightFormat Get(WeightType type) =>
        TryGet(type, out WeightFormat? format) ? format : throw new NotSupportedException($"weight type {type}");

    private static WeightFormat?[] Build(params WeightFormat[] formats)
    {
        var table = new WeightFormat?[formats.Max(format => (int)format.Type) + 1];
        foreach (WeightFormat format in formats) table[(int)format.Type] = format;
        return table;
    }
}
