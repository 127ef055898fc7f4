using System.CommandLine;
using System.Text;
using System.Text.Json;
using Engine.Text;

namespace Engine.Cli;

/// <summary>The options that load and save a conversation. The messages that it was made of are its note, as JSON.
/// </summary>
internal sealed class SessionFileArguments
{
    private const string Messages = "messages", Role = "role", Content = "content";

    private readonly Option<string?> load = CliOptions.Text("--load-session", "FILE",
        "Go on with a saved conversation; its cache type, overflow and sinks are as they were, and so is its attention "
            + "unless hyper or auto is given");

    private readonly Option<string?> save = CliOptions.Text("--save-session", "FILE",
        "Save the conversation with its cache at the end");

    public void AddTo(Command command)
    {
        command.Add(load);
        command.Add(save);
    }

    /// <summary>Opens the conversation that is to go on; null if none is named.</summary>
    public SavedSession? Open(ParseResult result, LanguageModel model) =>
        result.GetValue(load) is { } path ? SavedSession.Open(model, InputFiles.Existing(path)) : null;

    public bool Loads(ParseResult result) => result.GetValue(load) is not null;

    /// <summary>Saves the conversation if a file is named.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="session">The conversation.</param>
    /// <param name="messages">What it was made of; null if it is a text.</param>
    public void Save(ParseResult result, Session session, IReadOnlyList<ChatMessage>? messages)
    {
        if (result.GetValue(save) is not { } path) return;
        session.Note = messages is null ? null : Write(messages);
        session.Save(path);
    }

    /// <summary>A context for more tokens, no smaller than the saved one, within what the model was trained for; 0, as
    /// it was saved, for one that has slid.</summary>
    public static int Context(SavedSession saved, LanguageModel model, int enough) =>
        saved.DroppedTokens > 0 ? 0
            : Math.Max(enough, Math.Min(saved.ContextLength, model.TrainedContextLength));

    /// <summary>The messages of a saved conversation; null if it is a text.</summary>
    /// <exception cref="InvalidDataException">The note is something else.</exception>
    public static List<ChatMessage>? Read(SavedSession saved)
    {
        if (saved.Note is null) return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(saved.Note);
            return [.. json.RootElement.GetProperty(Messages).EnumerateArray().Select(message =>
                new ChatMessage(message.GetProperty(Role).GetString()!, message.GetProperty(Content).GetString()!))];
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"the saved session's note: expected the messages of engine run or chat, found {error.Message}");
        }
    }

    private static string Write(IReadOnlyList<ChatMessage> messages)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray(Messages);
            foreach (ChatMessage message in messages)
            {
                writer.WriteStartObject();
                writer.WriteString(Role, message.Role);
                writer.WriteString(Content, message.Content);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
