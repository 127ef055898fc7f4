using System.Globalization;
using System.Text.Json;

namespace Engine.Text.Templates;

/// <summary>JSON to values. Integers and floats are told apart by how they are written.</summary>
internal static class JsonReader
{
    private const int MaxDepth = 500;

    /// <exception cref="ChatTemplateException">The data is nested too deep, or is no JSON value.</exception>
    public static Value Read(JsonElement element, int depth = 0)
    {
        if (depth > MaxDepth) throw new ChatTemplateException("the data is nested too deep");
        switch (element.ValueKind)
        {
            case JsonValueKind.String: return new StringValue(ReadString(element));
            case JsonValueKind.Number: return ReadNumber(element.GetRawText());
            case JsonValueKind.True: return BoolValue.True;
            case JsonValueKind.False: return BoolValue.False;
            case JsonValueKind.Null: return NoneValue.Instance;
            case JsonValueKind.Array:
                List<Value> items = new(element.GetArrayLength());
                foreach (JsonElement item in element.EnumerateArray()) items.Add(Read(item, depth + 1));
                return new ListValue(items);
            case JsonValueKind.Object: return ReadObject(element, depth);
            default: throw new ChatTemplateException("the variables are not JSON");
        }
    }

    public static DictValue ReadObject(JsonElement element, int depth = 0)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new ChatTemplateException($"the variables must be a JSON object, not {element.ValueKind}");
        DictValue dict = new();
        foreach (JsonProperty property in element.EnumerateObject())
            dict.Items[new StringValue(ReadName(property))] = Read(property.Value, depth + 1);
        return dict;
    }

    /// <summary>Reads a text, for <c>from_json</c>.</summary>
    /// <exception cref="ChatTemplateException">It is not JSON.</exception>
    public static Value Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw new ChatTemplateException("from_json is given text that is not JSON: " + error.Message);
        }
    }

    private static Value ReadNumber(string text)
    {
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            return new FloatValue(double.Parse(text, CultureInfo.InvariantCulture));
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? new IntValue(number)
            : new BigIntValue(text);
    }

    /// <summary>An escaped unpaired surrogate is valid in JSON, but has no text in .NET.</summary>
    private static string ReadString(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ChatTemplateException("a string of the data holds an unpaired surrogate or invalid UTF-8");
        }
    }

    private static string ReadName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new ChatTemplateException("a name in the data holds an unpaired surrogate or invalid UTF-8");
        }
    }
}
