namespace Engine.Text.Patterns;

/// <summary>Syntax tree of a pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>One code point of a set.</summary>
    public sealed record One(CharacterSet Set) : PatternNode;

    /// <summary>Parts one after the other; none = the empty pattern.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>The first of these that leads to a match.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>Body repeated; Max is <see cref="int.MaxValue"/> where there is no limit.</summary>
    public sealed record Repeat(PatternNode Body, int Min, int Max, RepeatMode Mode) : PatternNode;

    /// <summary>A condition on the text ahead of (or on the one unit behind) the position.</summary>
    public sealed record Look(PatternNode Body, bool Behind, bool Negative) : PatternNode;

    /// <summary>Body without a way back into it.</summary>
    public sealed record Atomic(PatternNode Body) : PatternNode;

    /// <summary>A condition on the position: start, end or word boundary.</summary>
    public sealed record Anchor(PatternOp Op) : PatternNode;
}

/// <summary>In what order a repetition tries its counts.</summary>
internal enum RepeatMode
{
    Greedy,
    Lazy,
    Possessive,
}
