namespace Engine.Text.Patterns;

/// <summary>A compiled regular expression over the code points of UTF-8 text. Immutable and thread-safe; what a search
/// needs to remember is in a <see cref="PatternMatcher"/>.</summary>
/// <remarks>Own engine because .NET's <c>Regex</c> sees UTF-16 units (letters beyond U+FFFF are no letters there), has
/// neither possessive quantifiers nor <c>&amp;&amp;</c>, and needs quadratic time for <c>\s+$</c> on a long
/// run.</remarks>
internal sealed class CodePointPattern
{
    /// <summary>Parses and compiles.</summary>
    /// <exception cref="FormatException">Syntax that is not known here.</exception>
    public CodePointPattern(string pattern)
    {
        PatternNode node = PatternParser.Parse(pattern);
        PatternCompiler compiler = new();
        Code = compiler.Compile(node);
        First = PatternCompiler.First(node);
        LoopCount = compiler.LoopCount;
        RunCount = compiler.RunCount;
    }

    /// <summary>The program.</summary>
    public PatternInstruction[] Code { get; }

    /// <summary>What a match can begin with.</summary>
    public FirstSet First { get; }

    public int LoopCount { get; }

    public int RunCount { get; }
}
