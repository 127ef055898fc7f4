using Engine.Memory;

namespace Engine.Gguf;

/// <summary>Key/value metadata of a GGUF file. Scalars convert between integer widths if the value fits.</summary>
/// <remarks>Every Get throws <see cref="ModelFormatException"/> with the key, the expected and the found type; the
/// overloads with a default return it if the key is absent (not if its type is wrong).</remarks>
public sealed class GgufMetadata
{
    /// <summary>Keys in file order.</summary>
    public IReadOnlyList<string> Keys => throw new NotSupportedException();

    /// <summary>True if the key is present.</summary>
    public bool Contains(string key) => throw new NotSupportedException();

    /// <summary>Type of the value; for arrays <paramref name="elementType"/> and <paramref name="count"/> too.</summary>
    public bool TryGetType(string key, out GgufValueType type, out GgufValueType elementType, out long count) =>
        throw new NotSupportedException();

    /// <summary>An unsigned 32-bit value (any integer type whose value fits).</summary>
    public uint GetUInt32(string key) => throw new NotSupportedException();

    /// <summary>As above, or the default if absent.</summary>
    public uint GetUInt32(string key, uint defaultValue) => throw new NotSupportedException();

    /// <summary>A float (Float32 or Float64).</summary>
    public float GetSingle(string key) => throw new NotSupportedException();

    /// <summary>As above, or the default if absent.</summary>
    public float GetSingle(string key, float defaultValue) => throw new NotSupportedException();

    /// <summary>A boolean, or the default if absent.</summary>
    public bool GetBoolean(string key, bool defaultValue) => throw new NotSupportedException();

    /// <summary>A string.</summary>
    public string GetString(string key) => throw new NotSupportedException();

    /// <summary>A string, or the default if absent.</summary>
    public string? GetString(string key, string? defaultValue) => throw new NotSupportedException();

    /// <summary>An array of strings, in place; empty if absent.</summary>
    public Utf8StringTable GetStrings(string key) => throw new NotSupportedException();

    /// <summary>An array of integers of any width (or one integer) as u32 values; null if absent.</summary>
    public uint[]? GetUInt32Array(string key) => throw new NotSupportedException();

    /// <summary>An array of Int32/UInt32 in place (no copy; may be unaligned in the file, then copied); empty if absent.
    /// </summary>
    public ReadOnlyMemory<int> GetInt32Values(string key) => throw new NotSupportedException();

    /// <summary>An array of Float32; empty if absent.</summary>
    public ReadOnlyMemory<float> GetSingleValues(string key) => throw new NotSupportedException();

    /// <summary>An array of booleans; null if absent.</summary>
    public bool[]? GetBooleanArray(string key) => throw new NotSupportedException();
}
