namespace Engine;

/// <summary>A model file is damaged, truncated, contradicts itself, or needs something this engine does not know.
/// </summary>
/// <remarks>The message names the key or tensor, what was expected and what was found.</remarks>
public sealed class ModelFormatException : Exception
{
    /// <summary>Creates the exception with its reason.</summary>
    public ModelFormatException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its reason and the error that caused it.</summary>
    public ModelFormatException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
