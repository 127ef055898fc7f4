namespace Engine.Text.Patterns;

/// <summary>What an instruction of a compiled pattern does.</summary>
internal enum PatternOp : byte
{
    /// <summary>Consume the byte X (ASCII).</summary>
    Byte,

    /// <summary>Consume one unit of Set.</summary>
    Set,

    /// <summary>Consume Min to Max units of Set.</summary>
    Run,

    /// <summary>Go on at X, and if that fails at Y.</summary>
    Split,

    /// <summary>Go on at X.</summary>
    Jump,

    /// <summary>Head of a loop around a group: outcomes are remembered in slot X.</summary>
    Loop,

    /// <summary>The program from here up to X − 1 decides; go on at X.</summary>
    Look,

    /// <summary>One unit of Set must (Min = 0: must not) end here.</summary>
    Behind,

    /// <summary>Run the program from here up to X − 1, keep its first success; go on at X.</summary>
    Atomic,

    /// <summary>A word character on one side only.</summary>
    WordBoundary,

    /// <summary>The opposite of <see cref="WordBoundary"/>.</summary>
    NotWordBoundary,

    /// <summary>Start of the text.</summary>
    Start,

    /// <summary>End of the text, or before its last line feed.</summary>
    End,

    /// <summary>End of the text.</summary>
    VeryEnd,

    /// <summary>The (sub-)program has matched.</summary>
    Accept,
}

/// <summary>One instruction; which fields count depends on <see cref="Op"/>.</summary>
internal struct PatternInstruction
{
    public PatternOp Op;
    public RepeatMode Mode;

    /// <summary>For a Split: what its first way can begin with, so that hopeless ways are not tried.</summary>
    public FirstSet First;
    public int X;
    public int Y;
    public int Min;
    public int Max;
    public CharacterSet? Set;
}

/// <summary>What a piece of a pattern can begin with.</summary>
/// <param name="Low">ASCII characters below 64.</param>
/// <param name="High">ASCII characters from 64.</param>
/// <param name="Other">True if it can begin beyond ASCII.</param>
/// <param name="Nullable">True if it can match nothing.</param>
internal readonly record struct FirstSet(ulong Low, ulong High, bool Other, bool Nullable)
{
    public FirstSet Or(in FirstSet other) =>
        new(Low | other.Low, High | other.High, Other | other.Other, Nullable | other.Nullable);

    /// <summary>False only if nothing that begins with this byte can match.</summary>
    public bool Allows(byte value) =>
        Nullable || (value < 128 ? (((value < 64 ? Low : High) >> value) & 1) != 0 : Other);
}
