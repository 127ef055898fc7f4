using System.Runtime.CompilerServices;

namespace Engine.Text.Templates;

/// <summary>Bounds on one rendering, so that no template hangs the process or eats its memory.</summary>
internal sealed class RenderBudget
{
    /// <summary>Longest text, of the output or of any value, in UTF-16 units.</summary>
    public const int MaxText = 16 * 1024 * 1024;

    /// <summary>Longest range, as in Jinja's sandbox.</summary>
    public const int MaxRange = 100_000;

    /// <summary>Calls of macros inside each other; Python's own stack ends at a similar depth.</summary>
    public const int MaxCalls = 200;

    /// <summary>Depth of evaluation, and of nested values that are printed, compared or read.</summary>
    public const int MaxDepth = 2000;

    /// <summary>Nodes evaluated and items visited: about two seconds of work. A template that looks back over the whole
    /// conversation at each turn (gemma 4's) passes 20 million at 4000 turns.</summary>
    private const long MaxSteps = 60_000_000;

    /// <summary>Sum of all text made on the way. It bounds memory, as any of it may be kept.</summary>
    private const long MaxTotalText = 512L * 1024 * 1024;

    private long _steps;
    private long _text;
    private int _depth;

    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > MaxSteps) throw new ChatTemplateException("the template takes too many steps");
    }

    /// <summary>Accounts for text before it is made.</summary>
    public void ChargeText(long length)
    {
        if (length > MaxText) throw new ChatTemplateException($"a text grows beyond {MaxText} characters");
        _text += length;
        if (_text > MaxTotalText) throw new ChatTemplateException("the template makes too much text");
    }

    /// <summary>Accounts for a list before it is made; an item costs more than a step, as it may be kept.</summary>
    public void ChargeItems(long count) => Step(count * 4);

    public void Enter()
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new ChatTemplateException("the template or its data are nested too deep");
    }

    public void Leave() => _depth--;
}
