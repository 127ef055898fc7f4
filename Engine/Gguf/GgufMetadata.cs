using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Memory;

namespace Engine.Gguf;

/// <summary>Key/value metadata of a GGUF file. Scalars convert between integer widths if the value fits.</summary>
/// <remarks>Every Get throws <see cref="ModelFormatException"/> with the key, the expected and the found type; the
/// overloads with a default return it if the key is absent (not if its type is wrong). Values lie in the mapped file
/// and are read where they are, so nothing can be got once the file is closed.</remarks>
public sealed unsafe class GgufMetadata
{
    /// <summary>Largest text and largest copied array: far more than any real key has, and it keeps a hostile file
    /// from making us allocate a multiple of its size.</summary>
    private const int MaximumCopyBytes = 16 << 20;

    private readonly MappedFile _file;
    private readonly string _fileName;
    private readonly List<string> _keys = [];
    private readonly Dictionary<string, GgufValue> _values = [];

    internal GgufMetadata(MappedFile file)
    {
        _file = file;
        _fileName = Path.GetFileName(file.Path);
    }

    /// <summary>Keys in file order.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>True if the key is present.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>Type of a value; of arrays <paramref name="elementType"/> and <paramref name="count"/> too.</summary>
    /// <remarks>Of anything else the element type is the type and the count is 1.</remarks>
    public bool TryGetType(string key, out GgufValueType type, out GgufValueType elementType, out long count)
    {
        bool found = _values.TryGetValue(key, out GgufValue value);
        (type, elementType, count) = (value.Type, value.ElementType, value.Count);
        return found;
    }

    /// <summary>An unsigned 32-bit value (any integer type whose value fits).</summary>
    public uint GetUInt32(string key) => ToUInt32(key, Require(key, "an integer"));

    /// <summary>As above, or the default if absent.</summary>
    public uint GetUInt32(string key, uint defaultValue) =>
        TryFind(key, out GgufValue value) ? ToUInt32(key, value) : defaultValue;

    /// <summary>A float (Float32 or Float64).</summary>
    public float GetSingle(string key) => ToSingle(key, Require(key, "a float"));

    /// <summary>As above, or the default if absent.</summary>
    public float GetSingle(string key, float defaultValue) =>
        TryFind(key, out GgufValue value) ? ToSingle(key, value) : defaultValue;

    /// <summary>A boolean, or the default if absent.</summary>
    public bool GetBoolean(string key, bool defaultValue)
    {
        if (!TryFind(key, out GgufValue value)) return defaultValue;
        return value.Type == GgufValueType.Boolean ? *value.Data != 0 : throw Wrong(key, "Boolean", value);
    }

    /// <summary>A string.</summary>
    public string GetString(string key) => ToText(key, Require(key, "String"));

    /// <summary>A string, or the default if absent.</summary>
    [return: NotNullIfNotNull(nameof(defaultValue))]
    public string? GetString(string key, string? defaultValue) =>
        TryFind(key, out GgufValue value) ? ToText(key, value) : defaultValue;

    /// <summary>An array of strings, in place; empty if absent.</summary>
    public Utf8StringTable GetStrings(string key)
    {
        if (!TryFindArray(key, "String", out GgufValue value)) return Utf8StringTable.Empty;
        if (value.ElementType != GgufValueType.String) throw Wrong(key, "array of String", value);
        if (value.Bytes > int.MaxValue) throw Wrong(key, "at most 2 GiB of strings", $"{value.Bytes} bytes");
        return new GgufStrings(_file, value);
    }

    /// <summary>An array of integers of any width (or one integer) as u32 values; null if absent.</summary>
    public uint[]? GetUInt32Array(string key)
    {
        if (!TryFind(key, out GgufValue value)) return null;
        if (!GgufValue.IsInteger(value.ElementType)) throw Wrong(key, "array of integers", value);
        var values = new uint[CountToCopy(key, value, sizeof(uint))];
        for (int i = 0; i < values.Length; i++) values[i] = ToUInt32(key, value.IntegerAt(i));
        return values;
    }

    /// <summary>An array of Int32/UInt32 in place (copied only if it is unaligned there); empty if absent.</summary>
    public ReadOnlyMemory<int> GetInt32Values(string key)
    {
        if (!TryFindArray(key, "Int32", out GgufValue value)) return default;
        if (value.ElementType is not (GgufValueType.Int32 or GgufValueType.UInt32))
            throw Wrong(key, "array of Int32", value);
        ReadOnlyMemory<int> values = InPlace<int>(key, value);
        if (value.ElementType == GgufValueType.UInt32 && values.Span.ContainsAnyInRange(int.MinValue, -1))
            throw Wrong(key, $"values of at most {int.MaxValue}", "a larger one");
        return values;
    }

    /// <summary>An array of Float32; empty if absent.</summary>
    public ReadOnlyMemory<float> GetSingleValues(string key)
    {
        if (!TryFindArray(key, "Float32", out GgufValue value)) return default;
        if (value.ElementType != GgufValueType.Float32) throw Wrong(key, "array of Float32", value);
        return InPlace<float>(key, value);
    }

    /// <summary>An array of booleans; null if absent.</summary>
    public bool[]? GetBooleanArray(string key)
    {
        if (!TryFindArray(key, "Boolean", out GgufValue value)) return null;
        if (value.ElementType != GgufValueType.Boolean) throw Wrong(key, "array of Boolean", value);
        var values = new bool[CountToCopy(key, value, sizeof(bool))];
        for (int i = 0; i < values.Length; i++) values[i] = value.Data[i] != 0;
        return values;
    }

    /// <summary>Any value as the .NET type of its GGUF type, arrays as arrays of it and nested ones as
    /// <c>object[]</c>: for tools that show or compare files, not for loading models.</summary>
    /// <exception cref="ModelFormatException">The key is missing, or the copy would be unreasonably large.</exception>
    public object GetValue(string key)
    {
        GgufValue value = Require(key, "a value");
        return GgufBoxing.Box(value) ?? throw Wrong(key, $"at most {GgufBoxing.MaximumElements} elements", value);
    }

    /// <summary>The value where it lies, for the writer.</summary>
    internal GgufValue GetRaw(string key) => Require(key, "a value");

    /// <summary>Adds what the reader found; false if the key is there already.</summary>
    internal bool TryAdd(string key, in GgufValue value)
    {
        if (!_values.TryAdd(key, value)) return false;
        _keys.Add(key);
        return true;
    }

    /// <summary>The exception for a value that does not fit its key.</summary>
    internal ModelFormatException Wrong(string key, string expected, string found) =>
        new($"{_fileName}: {key}: expected {expected}, found {found}");

    private ModelFormatException Wrong(string key, string expected, in GgufValue found) =>
        Wrong(key, expected, found.Describe());

    private bool TryFind(string key, out GgufValue value)
    {
        _file.ThrowIfClosed();
        return _values.TryGetValue(key, out value);
    }

    private bool TryFindArray(string key, string elementType, out GgufValue value)
    {
        if (!TryFind(key, out value)) return false;
        return value.Type == GgufValueType.Array ? true : throw Wrong(key, $"array of {elementType}", value);
    }

    private GgufValue Require(string key, string expected) =>
        TryFind(key, out GgufValue value) ? value : throw Wrong(key, expected, "no such key");

    private uint ToUInt32(string key, in GgufValue value)
    {
        if (!GgufValue.IsInteger(value.Type)) throw Wrong(key, "an integer", value);
        return ToUInt32(key, value.IntegerAt(0));
    }

    private uint ToUInt32(string key, Int128 number) =>
        number >= 0 && number <= uint.MaxValue
            ? (uint)number
            : throw Wrong(key, $"an integer from 0 to {uint.MaxValue}", number.ToString());

    private float ToSingle(string key, in GgufValue value) =>
        value.Type is GgufValueType.Float32 or GgufValueType.Float64
            ? (float)value.FloatAt(0)
            : throw Wrong(key, "a float", value);

    private string ToText(string key, in GgufValue value)
    {
        if (value.Type != GgufValueType.String) throw Wrong(key, "String", value);
        if (value.Bytes > MaximumCopyBytes)
            throw Wrong(key, $"a text of at most {MaximumCopyBytes} bytes", $"{value.Bytes}");
        return Encoding.UTF8.GetString(value.Data, (int)value.Bytes);
    }

    private int CountToCopy(string key, in GgufValue value, int elementBytes) =>
        value.Count <= MaximumCopyBytes / elementBytes
            ? (int)value.Count
            : throw Wrong(key, $"at most {MaximumCopyBytes / elementBytes} elements", $"{value.Count}");

    private ReadOnlyMemory<T> InPlace<T>(string key, in GgufValue value) where T : unmanaged
    {
        if (value.Count > int.MaxValue / sizeof(T))
            throw Wrong(key, $"at most {int.MaxValue / sizeof(T)} elements", $"{value.Count}");
        if ((nuint)value.Data % (nuint)sizeof(T) == 0)
            return new MappedMemory<T>(_file, (T*)value.Data, (int)value.Count).Memory;
        return MemoryMarshal.Cast<byte, T>(new ReadOnlySpan<byte>(value.Data, (int)value.Bytes)).ToArray();
    }
}
