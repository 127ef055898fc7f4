using System.Diagnostics.CodeAnalysis;

namespace Engine.Formats;

/// <summary>The formats this engine knows, by GGUF type id.</summary>
internal static class WeightFormats
{
    private static readonly WeightFormat?[] ByType = Build(
        new F32Format());

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
