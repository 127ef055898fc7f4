namespace Engine.Text.Templates;

/// <summary>Arguments as the types that builtins need.</summary>
internal static class Convert
{
    public static long Integer(Value value, string what)
    {
        if (value is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        return Operators.TryInteger(value, out long number)
            ? number
            : throw new ChatTemplateException($"{what} must be an integer, not {value.TypeName}");
    }

    public static double Number(Value value, string what)
    {
        if (value is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        return Operators.TryNumber(value, out double number)
            ? number
            : throw new ChatTemplateException($"{what} must be a number, not {value.TypeName}");
    }

    public static string Text(Value value, string what)
    {
        if (value is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        return value is StringValue text
            ? text.Text
            : throw new ChatTemplateException($"{what} must be text, not {value.TypeName}");
    }

    public static DictValue ToDict(KeyValuePair<string, Value>[] named)
    {
        DictValue dict = new();
        foreach ((string name, Value value) in named) dict.Items[new StringValue(name)] = value;
        return dict;
    }

    /// <summary>Follows an attribute path such as <c>function.name</c> or <c>0</c>; null or none is the value itself.
    /// A default takes the place of whatever is undefined on the way.</summary>
    public static Value GetPath(Interpreter context, Value value, Value? path, Value? otherwise = null)
    {
        if (path is null or NoneValue) return value;
        if (path is not StringValue text) return Or(Attributes.GetItem(context, value, path), otherwise);
        foreach (string part in text.Text.Split('.'))
        {
            bool isIndex = part.Length > 0 && !part.AsSpan().ContainsAnyExceptInRange('0', '9');
            Value key = isIndex && long.TryParse(part, out long index) ? new IntValue(index) : new StringValue(part);
            value = Or(Attributes.GetItem(context, value, key), otherwise);
        }

        return value;
    }

    private static Value Or(Value value, Value? otherwise) =>
        value is UndefinedValue && otherwise is not (null or NoneValue) ? otherwise : value;
}
