namespace Engine.Text.Templates;

/// <summary>What a template computes with: the values of Python that JSON and Jinja can produce.</summary>
internal abstract class Value
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>What <c>if</c> makes of it.</summary>
    public virtual bool IsTrue => true;

    public sealed override string ToString() => TypeName;
}

/// <summary>The absence of a value: prints as nothing, but hardly anything else may be done with it.</summary>
internal sealed class UndefinedValue(string reason) : Value
{
    /// <summary>Why it is undefined, for the error when it is used.</summary>
    public string Reason { get; } = reason;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;
}

internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new();
    public static readonly BoolValue False = new();

    private BoolValue()
    {
    }

    public override string TypeName => "bool";

    public override bool IsTrue => this == True;

    public static BoolValue Of(bool value) => value ? True : False;
}

internal sealed class IntValue(long number) : Value
{
    public static readonly IntValue Zero = new(0);

    public long Number { get; } = number;

    public override string TypeName => "int";

    public override bool IsTrue => Number != 0;
}

/// <summary>An integer of the input beyond 64 bits: it can be printed and compared for equality, not computed with.
/// </summary>
internal sealed class BigIntValue(string digits) : Value
{
    public string Digits { get; } = digits;

    public override string TypeName => "int";
}

internal sealed class FloatValue(double number) : Value
{
    public double Number { get; } = number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;
}

/// <summary>Text.</summary>
/// <param name="text">UTF-16; the template sees code points.</param>
/// <param name="isMarkup">Marked by <c>safe</c>: text added to it is HTML-escaped first.</param>
internal sealed class StringValue(string text, bool isMarkup = false) : Value
{
    public static readonly StringValue Empty = new("");

    public string Text { get; } = text;

    public bool IsMarkup { get; } = isMarkup;

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;
}
