using System.Text.Json;
using Engine.Text.Templates;

namespace Engine.Text;

/// <summary>A chat template: the Jinja program that a model's publisher ships to turn a conversation into a prompt.
/// Immutable after parsing: safe for any number of threads.</summary>
/// <remarks>Behaves like <c>apply_chat_template</c> of transformers (Jinja2's sandbox with <c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, loop controls and the <c>generation</c> tag). Depth, steps and sizes are bounded, so that a
/// hostile template ends in a <see cref="ChatTemplateException"/>.</remarks>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;

    private ChatTemplate(string source, Statement[] body)
    {
        Source = source;
        _body = body;
    }

    /// <summary>The template's text, as given.</summary>
    public string Source { get; }

    /// <summary>Reads a template.</summary>
    /// <exception cref="ChatTemplateException">The text is not a valid template; the line is set.</exception>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(source, Parser.Parse(source));
    }

    /// <summary>Renders with exactly the variables given.</summary>
    /// <param name="variables">A JSON object; each property is a variable. <c>2</c> and <c>2.0</c> stay apart.</param>
    /// <param name="now">The time that <c>strftime_now</c> tells; the local clock if null.</param>
    /// <exception cref="ChatTemplateException">The template refuses the input or fails on it.</exception>
    public string Render(JsonElement variables, DateTime? now = null) =>
        new Interpreter(JsonReader.ReadObject(variables), now).Run(_body);

    /// <summary>Renders a conversation. The template sees <c>messages</c>, <c>add_generation_prompt</c>,
    /// <c>bos_token</c>, <c>eos_token</c>, and <c>tools</c> and <c>documents</c> as none.</summary>
    /// <param name="messages">The conversation, oldest turn first.</param>
    /// <param name="addGenerationPrompt">End with the header of the assistant's next turn.</param>
    /// <param name="bosToken">Text of the begin-of-sequence token; empty if null.</param>
    /// <param name="eosToken">Text of the end-of-sequence token; empty if null.</param>
    /// <param name="variables">Further variables as a JSON object (<c>tools</c>, <c>enable_thinking</c>, …); they
    /// win over those above.</param>
    /// <param name="now">The time that <c>strftime_now</c> tells; the local clock if null.</param>
    /// <exception cref="ChatTemplateException">The template refuses the input or fails on it.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null,
        JsonElement? variables = null,
        DateTime? now = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<Value> turns = new(messages.Count);
        foreach (ChatMessage message in messages)
        {
            ArgumentNullException.ThrowIfNull(message);
            DictValue turn = new();
            Set(turn, "role", new StringValue(message.Role ?? ""));
            Set(turn, "content", new StringValue(message.Content ?? ""));
            turns.Add(turn);
        }

        DictValue names = new();
        Set(names, "messages", new ListValue(turns));
        Set(names, "tools", NoneValue.Instance);
        Set(names, "documents", NoneValue.Instance);
        Set(names, "add_generation_prompt", BoolValue.Of(addGenerationPrompt));
        Set(names, "bos_token", new StringValue(bosToken ?? ""));
        Set(names, "eos_token", new StringValue(eosToken ?? ""));
        if (variables is { } further)
        {
            foreach ((Value name, Value value) in JsonReader.ReadObject(further).Items) names.Items[name] = value;
        }

        return new Interpreter(names, now).Run(_body);
    }

    private static void Set(DictValue dict, string name, Value value) => dict.Items[new StringValue(name)] = value;
}
