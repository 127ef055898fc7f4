namespace Engine.Text;

/// <summary>What a token is.</summary>
[Flags]
internal enum TokenAttributes : byte
{
    Normal = 1,
    Unknown = 2,
    Control = 4,
    UserDefined = 8,
    Unused = 16,
    Byte = 32,

    /// <summary>Where the token is found in text, the white space before it belongs to it.</summary>
    StripsLeft = 64,

    /// <summary>Likewise the white space behind it.</summary>
    StripsRight = 128,
}
