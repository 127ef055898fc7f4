namespace Engine.Text.Templates;

/// <summary>Methods and attributes of numbers.</summary>
internal static class NumberMethods
{
    public static Builtin? Find(Value subject, string name) => (subject, name) switch
    {
        (FloatValue, "is_integer") => static (_, s, _) =>
            BoolValue.Of(((FloatValue)s).Number == Math.Floor(((FloatValue)s).Number)),
        (IntValue or BoolValue, "bit_length") => static (_, s, _) =>
            new IntValue(64 - long.LeadingZeroCount(Math.Abs(Math.Max(Convert.Integer(s, "the number"), -long.MaxValue)))),
        (_, "conjugate") => static (_, s, _) => s,
        _ => null,
    };

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
