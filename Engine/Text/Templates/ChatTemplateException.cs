namespace Engine.Text;

/// <summary>A chat template cannot be read, refuses its input, or fails on it.</summary>
public sealed class ChatTemplateException : Exception
{
    /// <summary>Creates the exception with its reason.</summary>
    public ChatTemplateException(string message) : base(message)
    {
    }

    internal ChatTemplateException(string message, int line, bool raisedByTemplate = false) : base(message)
    {
        Line = line;
        RaisedByTemplate = raisedByTemplate;
    }

    /// <summary>1-based line of the template where it happened, or 0 if unknown.</summary>
    public int Line { get; }

    /// <summary>True if the template itself called <c>raise_exception</c>; <see cref="Exception.Message"/> is then
    /// exactly what it said.</summary>
    public bool RaisedByTemplate { get; }
}
