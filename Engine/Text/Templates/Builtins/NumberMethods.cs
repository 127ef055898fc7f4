namespace Engine.Text.Templates;

/// <summary>Methods and attributes of numbers.</summary>
internal static class NumberMethods
{
    public static Builtin? Find(Value subject, string name) => (subject, name) switch
    {
        (FloatValue, "is_integer") => static (_, s, _) =>
            BoolValue.Of(((FloatValue)s).Number == Math.Floor(((FloatValue)s).Number)),
        (IntValue or BoolValue, "bit_length") => BitLength,
        (_, "conjugate") => static (_, s, _) => s,
        _ => null,
    };

    private static IntValue BitLength(Interpreter context, Value subject, Arguments arguments)
    {
        arguments.Bind("bit_length", 0);
        long number = Convert.Integer(subject, "the number");
        return new IntValue(number == long.MinValue ? 64 : 64 - long.LeadingZeroCount(Math.Abs(number)));
    }

    public static Value? FindValue(Value subject, string name) => (subject, name) switch
    {
        (FloatValue, "real") => subject,
        (FloatValue, "imag") => new FloatValue(0),
        (IntValue or BoolValue, "real" or "numerator") => new IntValue(Convert.Integer(subject, "the number")),
        (IntValue or BoolValue, "imag") => IntValue.Zero,
        (IntValue or BoolValue, "denominator") => new IntValue(1),
        _ => null,
    };
}
