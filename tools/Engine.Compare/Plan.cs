namespace Engine.Compare;

/// <summary>What a model is called in the tables, and where it lies.</summary>
internal sealed record ModelFile(string Name, string Path)
{
    /// <summary>Reads <c>NAME=PATH</c> or <c>PATH</c>, whose name is the file's.</summary>
    public static ModelFile Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? new ModelFile(text[..equals], text[(equals + 1)..])
            : new ModelFile(System.IO.Path.GetFileNameWithoutExtension(text), text);
    }
}

/// <summary>One column of the tables: a build of Engine under some switches of the runtime.</summary>
/// <param name="Label">Heading.</param>
/// <param name="Path">The program.</param>
/// <param name="Environment">Variables as <c>NAME=VALUE</c>, in order.</param>
internal sealed record EngineVariant(string Label, string Path, IReadOnlyList<string> Environment)
{
    /// <summary>The variables in one text: variants with the same switches share the machine's limits.</summary>
    public string Switches => string.Join(' ', Environment);

    /// <summary>Reads <c>LABEL=PATH[,NAME=VALUE…]</c> or <c>PATH</c>.</summary>
    /// <exception cref="FormatException">A variable lacks its value.</exception>
    public static EngineVariant Parse(string text)
    {
        string[] parts = text.Split(',');
        foreach (string variable in parts[1..])
        {
            if (variable.IndexOf('=', StringComparison.Ordinal) < 1)
                throw new FormatException($"expected NAME=VALUE, found \"{variable}\"");
        }

        int equals = parts[0].IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? new EngineVariant(parts[0][..equals], parts[0][(equals + 1)..], parts[1..])
            : new EngineVariant("Engine", parts[0], parts[1..]);
    }
}

/// <summary>What is measured at once: a model with a number of threads, tokens in the cache, busy neighbours.</summary>
internal sealed record Condition(string Model, int Threads, int Depth, int Busy);

/// <summary>Everything that a comparison measures.</summary>
internal sealed record Plan
{
    public required IReadOnlyList<EngineVariant> Variants { get; init; }

    public required IReadOnlyList<ModelFile> Models { get; init; }

    public required IReadOnlyList<int> Threads { get; init; }

    public IReadOnlyList<int> Depths { get; init; } = [0];

    public IReadOnlyList<int> Busy { get; init; } = [0];

    /// <summary>Sequences that Engine decodes together; 0 = none.</summary>
    public int Batch { get; init; }

    public int Prefill { get; init; } = 512;

    public int Decode { get; init; } = 64;

    public int Rounds { get; init; } = 5;

    /// <summary>Repetitions within one run of a program, after one that does not count.</summary>
    /// <remarks>The just-in-time compiler puts its best code in place some 100 ms after it has found what is hot; a
    /// single repetition of a small model would be over by then.</remarks>
    public int Repetitions { get; init; } = 3;

    /// <summary>Program of the peer; null leaves it out.</summary>
    public string? Peer { get; init; }

    /// <summary>Program that prints the machine's limits; null leaves them out.</summary>
    public string? Limits { get; init; }

    /// <summary>Conditions of one model.</summary>
    /// <remarks>A busy neighbour is measured beside each thread count, from an empty cache.</remarks>
    public IEnumerable<Condition> Conditions(ModelFile model)
    {
        foreach (int threads in Threads)
        {
            foreach (int depth in Depths) yield return new Condition(model.Name, threads, depth, 0);
            foreach (int busy in Busy)
                if (busy > 0) yield return new Condition(model.Name, threads, 0, busy);
        }
    }
}
