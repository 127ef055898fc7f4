namespace Engine.Text.Templates;

/// <summary>A node that does something.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;
}

internal sealed class TextStatement(int line, string text) : Statement(line)
{
    public string Text { get; } = text;
}

internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    public Expression Value { get; } = value;
}

internal sealed class ForStatement(int line, Target target, Expression source) : Statement(line)
{
    public Target Target { get; } = target;

    public Expression Source { get; } = source;

    public Expression? Condition { get; set; }

    public bool IsRecursive { get; set; }

    public Statement[] Body { get; set; } = [];

    public Statement[] Otherwise { get; set; } = [];
}

internal sealed class IfStatement(
    int line, List<(Expression Condition, Statement[] Body)> branches, Statement[] otherwise) : Statement(line)
{
    public List<(Expression Condition, Statement[] Body)> Branches { get; } = branches;

    public Statement[] Otherwise { get; } = otherwise;
}

internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    public Target Target { get; } = target;

    public Expression Value { get; } = value;
}

/// <summary><c>set x|filter</c> … <c>endset</c>, and with no target <c>filter</c> … <c>endfilter</c>.</summary>
internal sealed class CaptureStatement(int line, Target? target, FilterExpression? filter, Statement[] body)
    : Statement(line)
{
    public Target? Target { get; } = target;

    public FilterExpression? Filter { get; } = filter;

    public Statement[] Body { get; } = body;
}

internal sealed class MacroStatement(int line, MacroDefinition definition) : Statement(line)
{
    public MacroDefinition Definition { get; } = definition;
}

internal sealed class CallStatement(int line, MacroDefinition caller, CallExpression call) : Statement(line)
{
    public MacroDefinition Caller { get; } = caller;

    public CallExpression Call { get; } = call;
}

internal sealed class WithStatement(int line, List<(Target Target, Expression Value)> bindings, Statement[] body)
    : Statement(line)
{
    public List<(Target Target, Expression Value)> Bindings { get; } = bindings;

    public Statement[] Body { get; } = body;
}

/// <summary><c>generation</c>, <c>block</c>, <c>autoescape false</c>: a body with a scope of its own.</summary>
/// <param name="line">Where it begins.</param>
/// <param name="isTopLevel">The body sees the template's top-level names only, as a block does.</param>
/// <param name="body">What it prints.</param>
internal sealed class ScopeStatement(int line, bool isTopLevel, Statement[] body) : Statement(line)
{
    public bool IsTopLevel { get; } = isTopLevel;

    public Statement[] Body { get; } = body;
}

internal sealed class BreakStatement(int line) : Statement(line);

internal sealed class ContinueStatement(int line) : Statement(line);

/// <summary>Parameters and body of a macro or of a <c>call</c> block.</summary>
internal sealed class MacroDefinition(string name)
{
    public string Name { get; } = name;

    public List<string> Parameters { get; } = [];

    /// <summary>Defaults of the last parameters.</summary>
    public List<Expression> Defaults { get; } = [];

    public Statement[] Body { get; set; } = [];

    /// <summary>The body names <c>varargs</c>; otherwise surplus arguments are an error.</summary>
    public bool TakesVarargs { get; set; }

    /// <summary>The body names <c>kwargs</c>.</summary>
    public bool TakesKwargs { get; set; }

    /// <summary>The body names <c>caller</c>.</summary>
    public bool TakesCaller { get; set; }
}

/// <summary>What an assignment or a loop writes to.</summary>
internal abstract class Target;

internal sealed class NameTarget(string name) : Target
{
    public string Name { get; } = name;
}

/// <summary><c>ns.attribute</c>.</summary>
internal sealed class NamespaceTarget(string name, string attribute) : Target
{
    public string Name { get; } = name;

    public string Attribute { get; } = attribute;
}

internal sealed class TupleTarget(Target[] items) : Target
{
    public Target[] Items { get; } = items;
}
