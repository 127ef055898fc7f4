using Engine.Gguf;

namespace Engine.Transformer;

/// <summary>Reads <c>{arch}.NAME</c> keys and checks that sizes are sane.</summary>
internal sealed class ConfigReader(GgufMetadata metadata, string architecture)
{
    // Far beyond any model, small enough that products of two sizes stay inside 64 bits and counts inside int.
    private const uint LargestSize = 1 << 24;

    public GgufMetadata Metadata { get; } = metadata;

    public string Architecture { get; } = architecture;

    public string Key(string name) => $"{Architecture}.{name}";

    public bool Has(string name) => Metadata.Contains(Key(name));

    /// <summary>A size of at least 1.</summary>
    public int Size(string name) => Check(name, Metadata.GetUInt32(Key(name)));

    /// <summary>A size of at least 1, or the default if absent.</summary>
    public int Size(string name, int defaultValue) => Has(name) ? Size(name) : defaultValue;

    /// <summary>A number that may be 0.</summary>
    public int Count(string name, int defaultValue)
    {
        uint value = Metadata.GetUInt32(Key(name), (uint)defaultValue);
        return value <= int.MaxValue ? (int)value
            : throw new ModelFormatException($"{Key(name)}: expected at most {int.MaxValue}, found {value}");
    }

    /// <summary>A number per layer: one for all, or an array.</summary>
    public int[]? PerLayer(string name, int layers)
    {
        if (!Has(name)) return null;
        uint[] values = Metadata.GetUInt32Array(Key(name)) ?? [];
        if (values.Length == 1) return [.. Enumerable.Repeat(Check(name, values[0]), layers)];
        if (values.Length != layers)
            throw new ModelFormatException($"{Key(name)}: expected 1 or {layers} values, found {values.Length}");
        return [.. values.Select(value => Check(name, value))];
    }

    public float Single(string name, float defaultValue)
    {
        float value = Metadata.GetSingle(Key(name), defaultValue);
        return float.IsFinite(value) ? value
            : throw new ModelFormatException($"{Key(name)}: expected a finite number, found {value}");
    }

    /// <summary>A number of at least 0, or the default if absent.</summary>
    public float NotNegative(string name, float defaultValue)
    {
        float value = Single(name, defaultValue);
        return value >= 0 ? value
            : throw new ModelFormatException($"{Key(name)}: expected a number of at least 0, found {value}");
    }

    /// <summary>A number above 0, or the default if absent.</summary>
    public float Positive(string name, float defaultValue)
    {
        float value = Single(name, defaultValue);
        return value > 0 ? value
            : throw new ModelFormatException($"{Key(name)}: expected a positive number, found {value}");
    }

    private int Check(string name, uint value) => value is >= 1 and <= LargestSize ? (int)value
        : throw new ModelFormatException($"{Key(name)}: expected 1 … {LargestSize}, found {value}");
}
