using System.Text;

namespace Engine.Text.Templates;

/// <summary>Text that grows, accounted for before it does.</summary>
internal sealed class TextBuffer(RenderBudget budget)
{
    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public TextBuffer Append(string text)
    {
        Charge(text.Length);
        _text.Append(text);
        return this;
    }

    public TextBuffer Append(ReadOnlySpan<char> text)
    {
        Charge(text.Length);
        _text.Append(text);
        return this;
    }

    public TextBuffer Append(char c)
    {
        Charge(1);
        _text.Append(c);
        return this;
    }

    public TextBuffer Append(char c, int count)
    {
        Charge(count);
        _text.Append(c, count);
        return this;
    }

    public override string ToString() => _text.ToString();

    private void Charge(int length)
    {
        budget.ChargeText(length);
        if (_text.Length + length > RenderBudget.MaxText)
            throw new ChatTemplateException($"a text grows beyond {RenderBudget.MaxText} characters");
    }
}
