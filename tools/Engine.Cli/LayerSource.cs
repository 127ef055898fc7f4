namespace Engine.Cli;

/// <summary>Where queries, keys and values of a layer come from.</summary>
internal abstract class LayerSource : IDisposable
{
    /// <summary>What it is called in results.</summary>
    public abstract string Name { get; }

    /// <summary>Heads that there are, one after the other through all layers.</summary>
    public abstract int Heads { get; }

    /// <summary>Most positions.</summary>
    public abstract int Length { get; }

    /// <summary>Scores are so many times q·k.</summary>
    public abstract float Scale { get; }

    /// <summary>Fills all positions of the memory with the numbers of a head: the same for the same head and count.
    /// </summary>
    public abstract void Fill(LayerInputs inputs, int head);

    public virtual void Dispose()
    {
    }

    /// <summary>A kind of made-up numbers by its name, or else a file of captured ones.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    /// <exception cref="InvalidDataException">The file is no capture.</exception>
    public static LayerSource Open(string text)
    {
        if (SyntheticLayer.Find(text) is { } made) return made;
        if (File.Exists(text)) return new CapturedLayers(text);
        throw new UsageException($"--inputs: expected {string.Join(", ", SyntheticLayer.Kinds)} or a file, found "
            + $"\"{text}\"");
    }
}
