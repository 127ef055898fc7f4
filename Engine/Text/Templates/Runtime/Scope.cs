namespace Engine.Text.Templates;

/// <summary>Names and the scope around them. A new one is opened where Jinja keeps assignments inside.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, Value>? _names;

    public Value? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._names is { } names && names.TryGetValue(name, out Value? value)) return value;
        }

        return null;
    }

    public Scope? Parent { get; } = parent;

    public void Set(string name, Value value) => (_names ??= [])[name] = value;
}
