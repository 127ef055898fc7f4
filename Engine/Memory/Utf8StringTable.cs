namespace Engine.Memory;

/// <summary>Read-only list of UTF-8 strings that lie elsewhere, usually in a mapped file: none is allocated.</summary>
/// <remarks>The owner of the memory must outlive the table.</remarks>
public abstract class Utf8StringTable
{
    /// <summary>An empty table.</summary>
    internal static Utf8StringTable Empty { get; } = FromStrings([]);

    /// <summary>Number of strings.</summary>
    public abstract int Count { get; }

    /// <summary>The bytes of string <paramref name="index"/> (0-based), without a terminator.</summary>
    public abstract ReadOnlySpan<byte> this[int index] { get; }

    /// <summary>A table over managed strings, for tests and tools.</summary>
    internal static Utf8StringTable FromStrings(IReadOnlyList<string> strings)
    {
        ArgumentNullException.ThrowIfNull(strings);
        return new ManagedTable([.. strings.Select(System.Text.Encoding.UTF8.GetBytes)]);
    }

    private sealed class ManagedTable(byte[][] strings) : Utf8StringTable
    {
        public override int Count => strings.Length;

        public override ReadOnlySpan<byte> this[int index] => strings[index];
    }
}
