using System.Globalization;
using System.Text;

namespace Engine.Text.Templates;

/// <summary>Python's escapes in string literals; an unknown escape keeps its backslash.</summary>
internal static class StringLiteral
{
    public static string Unescape(ReadOnlySpan<char> body, int line)
    {
        int next = body.IndexOf('\\');
        if (next < 0) return body.ToString();
        StringBuilder text = new(body.Length);
        while (next >= 0)
        {
            text.Append(body[..next]);
            body = body[next..];
            body = body[ReadEscape(body, text, line)..];
            next = body.IndexOf('\\');
        }

        return text.Append(body).ToString();
    }

    /// <summary>Appends what the escape at the start stands for; returns its length.</summary>
    private static int ReadEscape(ReadOnlySpan<char> escape, StringBuilder text, int line)
    {
        char c = escape[1];
        switch (c)
        {
            case 'n': text.Append('\n'); return 2;
            case 't': text.Append('\t'); return 2;
            case 'r': text.Append('\r'); return 2;
            case 'a': text.Append('\a'); return 2;
            case 'b': text.Append('\b'); return 2;
            case 'f': text.Append('\f'); return 2;
            case 'v': text.Append('\v'); return 2;
            case '\n': return 2;
            case '\'' or '"' or '\\': text.Append(c); return 2;
            case 'x': return ReadHex(escape, 2, text, line);
            case 'u': return ReadHex(escape, 4, text, line);
            case 'U': return ReadHex(escape, 8, text, line);
            case 'N': throw new ChatTemplateException("\\N{…} escapes are not supported", line);
            case >= '0' and <= '7': return ReadOctal(escape, text);
            default: text.Append('\\').Append(c); return 2;
        }
    }

    private static int ReadOctal(ReadOnlySpan<char> escape, StringBuilder text)
    {
        int end = 1;
        int code = 0;
        while (end < escape.Length && end < 4 && escape[end] is >= '0' and <= '7')
            code = (code * 8) + escape[end++] - '0';
        text.Append((char)code);
        return end;
    }

    private static int ReadHex(ReadOnlySpan<char> escape, int digits, StringBuilder text, int line)
    {
        if (escape.Length < 2 + digits
            || !int.TryParse(escape.Slice(2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out int code)
            || code is < 0 or > 0x10FFFF)
            throw new ChatTemplateException($"truncated or illegal \\{escape[1]} escape in a string literal", line);
        if (code <= 0xFFFF) text.Append((char)code);
        else text.Append(char.ConvertFromUtf32(code));
        return 2 + digits;
    }
}
