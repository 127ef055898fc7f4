using System.Globalization;
using System.Text.Json;
using Engine.Gguf;

namespace Engine.Cli;

/// <summary>Metadata values for people and machines; long ones are cut, vocabularies would fill screens.</summary>
internal static class MetadataText
{
    private const int LongestList = 16;
    private const int LongestText = 200;

    /// <summary>A value on one line.</summary>
    public static string Describe(GgufMetadata metadata, string key)
    {
        metadata.TryGetType(key, out GgufValueType type, out GgufValueType elementType, out long count);
        if (type != GgufValueType.Array) return Short(metadata.GetValue(key));
        string head = $"{elementType}[{count}]";
        if (count > LongestList || elementType == GgufValueType.Array) return head;
        var values = new List<string>();
        foreach (object value in (Array)metadata.GetValue(key)) values.Add(Short(value));
        return $"{head} {string.Join(", ", values)}";
    }

    /// <summary>A value as a member of an object; long arrays as an object with type and count.</summary>
    public static void Write(Utf8JsonWriter writer, GgufMetadata metadata, string key)
    {
        metadata.TryGetType(key, out GgufValueType type, out GgufValueType elementType, out long count);
        writer.WritePropertyName(key);
        if (type != GgufValueType.Array)
        {
            WriteValue(writer, metadata.GetValue(key));
        }
        else if (count > LongestList * 64 || elementType == GgufValueType.Array)
        {
            writer.WriteStartObject();
            writer.WriteString("type", elementType.ToString());
            writer.WriteNumber("count", count);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray();
            foreach (object value in (Array)metadata.GetValue(key)) WriteValue(writer, value);
            writer.WriteEndArray();
        }
    }

    private static string Short(object value)
    {
        if (value is not string text) return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return JsonResult.Quote(text.Length <= LongestText ? text : text[..LongestText] + "…");
    }

    private static void WriteValue(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case string text: writer.WriteStringValue(text); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case float number when !float.IsFinite(number): writer.WriteNullValue(); break;
            case double number when !double.IsFinite(number): writer.WriteNullValue(); break;
            case float number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(number); break;
            case ulong number: writer.WriteNumberValue(number); break;
            default: writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
        }
    }
}
