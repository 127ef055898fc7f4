namespace Engine.Text.Templates;

/// <summary>A node that has a value.</summary>
internal abstract class Expression(int line)
{
    public int Line { get; } = line;
}

internal sealed class ConstantExpression(int line, Value value) : Expression(line)
{
    public Value Value { get; } = value;
}

internal sealed class NameExpression(int line, string name) : Expression(line)
{
    public string Name { get; } = name;
}

internal sealed class ListExpression(int line, Expression[] items, bool isTuple) : Expression(line)
{
    public Expression[] Items { get; } = items;

    public bool IsTuple { get; } = isTuple;
}

internal sealed class DictExpression(int line, Expression[] keys, Expression[] values) : Expression(line)
{
    public Expression[] Keys { get; } = keys;

    public Expression[] Values { get; } = values;
}

/// <summary><c>a.b</c>.</summary>
internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line)
{
    public Expression Target { get; } = target;

    /// <summary>The name, made once: it doubles as the key that is tried when there is no such attribute.</summary>
    public StringValue Name { get; } = new(name);
}

/// <summary><c>a[b]</c>.</summary>
internal sealed class ItemExpression(int line, Expression target, Expression index) : Expression(line)
{
    public Expression Target { get; } = target;

    public Expression Index { get; } = index;
}

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(
    int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    public Expression Target { get; } = target;

    public Expression? Start { get; } = start;

    public Expression? Stop { get; } = stop;

    public Expression? Step { get; } = step;
}

/// <summary>What stands between the parentheses of a call.</summary>
internal sealed class ArgumentList
{
    public static readonly ArgumentList Empty = new();

    public List<Expression> Positional { get; } = [];

    public List<(string Name, Expression Value)> Named { get; } = [];

    /// <summary>The operand of <c>*</c>.</summary>
    public Expression? Spread { get; set; }

    /// <summary>The operand of <c>**</c>.</summary>
    public Expression? NamedSpread { get; set; }
}

internal sealed class CallExpression(int line, Expression callee, ArgumentList arguments) : Expression(line)
{
    public Expression Callee { get; } = callee;

    public ArgumentList Arguments { get; } = arguments;
}

/// <summary><c>input|name(arguments)</c>; without input in <c>filter</c> blocks and the like, whose text it takes.
/// </summary>
internal sealed class FilterExpression(int line, Expression? input, string name, ArgumentList arguments)
    : Expression(line)
{
    public Expression? Input { get; } = input;

    public string Name { get; } = name;

    public Builtin? Function { get; } = Filters.Find(name);

    public ArgumentList Arguments { get; } = arguments;
}

/// <summary><c>input is name(arguments)</c>.</summary>
internal sealed class TestExpression(int line, Expression input, string name, ArgumentList arguments)
    : Expression(line)
{
    public Expression Input { get; } = input;

    public string Name { get; } = name;

    public Test? Function { get; } = Tests.Find(name);

    public ArgumentList Arguments { get; } = arguments;
}

internal enum Operator : byte
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

internal sealed class BinaryExpression(int line, Operator operation, Expression left, Expression right)
    : Expression(line)
{
    public Operator Operation { get; } = operation;

    public Expression Left { get; } = left;

    public Expression Right { get; } = right;
}

/// <summary><c>a &lt; b &lt; c</c>: every operand is evaluated at most once.</summary>
internal sealed class CompareExpression(int line, Expression first, List<(Operator Operation, Expression Operand)> rest)
    : Expression(line)
{
    public Expression First { get; } = first;

    public List<(Operator Operation, Expression Operand)> Rest { get; } = rest;
}

/// <summary><c>a ~ b ~ c</c>.</summary>
internal sealed class ConcatExpression(int line, List<Expression> parts) : Expression(line)
{
    public List<Expression> Parts { get; } = parts;
}

/// <summary><c>and</c>, <c>or</c>: the value is one of the operands.</summary>
internal sealed class LogicalExpression(int line, bool isAnd, Expression left, Expression right) : Expression(line)
{
    public bool IsAnd { get; } = isAnd;

    public Expression Left { get; } = left;

    public Expression Right { get; } = right;
}

internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    public Expression Operand { get; } = operand;
}

/// <summary>Unary <c>-</c> and <c>+</c>.</summary>
internal sealed class SignExpression(int line, bool isNegative, Expression operand) : Expression(line)
{
    public bool IsNegative { get; } = isNegative;

    public Expression Operand { get; } = operand;
}

/// <summary><c>then if condition else otherwise</c>.</summary>
internal sealed class ConditionalExpression(
    int line, Expression condition, Expression then, Expression? otherwise) : Expression(line)
{
    public Expression Condition { get; } = condition;

    public Expression Then { get; } = then;

    public Expression? Otherwise { get; } = otherwise;
}
