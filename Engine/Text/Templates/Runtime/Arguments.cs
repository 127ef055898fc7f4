namespace Engine.Text.Templates;

/// <summary>Evaluated arguments of a call.</summary>
internal sealed class Arguments(Value[] positional, KeyValuePair<string, Value>[] named)
{
    public static readonly Arguments None = new([], []);

    public Value[] Positional { get; } = positional;

    public KeyValuePair<string, Value>[] Named { get; } = named;

    /// <summary>Assigns the arguments to parameters; those not given are null.</summary>
    /// <param name="function">Name for messages.</param>
    /// <param name="required">How many of the parameters must be given.</param>
    /// <param name="parameters">Their names in order.</param>
    public Value?[] Bind(string function, int required, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Length > parameters.Length)
        {
            throw new ChatTemplateException(
                $"{function}() takes at most {parameters.Length} arguments ({Positional.Length} given)");
        }

        Value?[] bound = new Value?[parameters.Length];
        Positional.CopyTo(bound, 0);
        foreach ((string name, Value value) in Named)
        {
            int index = parameters.IndexOf(name);
            if (index < 0) throw new ChatTemplateException($"{function}() has no parameter '{name}'");
            if (bound[index] is not null)
                throw new ChatTemplateException($"{function}() is given '{name}' twice");
            bound[index] = value;
        }

        for (int i = 0; i < required; i++)
        {
            if (bound[i] is null) throw new ChatTemplateException($"{function}() lacks the argument '{parameters[i]}'");
        }

        return bound;
    }

    /// <summary>Without the first <paramref name="count"/> positional ones.</summary>
    public Arguments Skip(int count) => new(Positional[count..], Named);
}
