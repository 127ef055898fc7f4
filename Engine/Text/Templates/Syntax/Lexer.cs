using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>Splits a template into text and the tokens of its tags, and applies whitespace control
/// (<c>trim_blocks</c> and <c>lstrip_blocks</c> on, <c>keep_trailing_newline</c> off).</summary>
internal sealed class Lexer
{
    private readonly string _text;
    private readonly List<Token> _tokens = [];
    private readonly List<char> _brackets = [];
    private int _position;
    private int _line = 1;
    private int _lineCounted;

    /// <summary>The last tag ended with its line, so blanks up to the next tag are that tag's indentation.</summary>
    private bool _lineStarts = true;

    private Lexer(string text) => _text = text;

    public static List<Token> Tokenize(string source)
    {
        string text = source.Contains('\r') ? source.Replace("\r\n", "\n").Replace('\r', '\n') : source;
        if (text.EndsWith('\n')) text = text[..^1];
        Lexer lexer = new(text);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _text.Length)
        {
            int open = FindOpening(_position);
            if (open < 0)
            {
                AddData(_position, _text.Length);
                _position = _text.Length;
                break;
            }

            char kind = _text[open + 1];
            char sign = SignAt(open + 2);
            AddData(_position, TrimBefore(_position, open, sign, kind != '{'));
            int begin = open;
            _position = open + (sign == '\0' ? 2 : 3);
            _lineStarts = false;
            if (kind == '#') SkipComment(begin);
            else if (kind == '%' && TryReadRaw(begin)) continue;
            else ReadTag(begin, kind == '%');
        }

        _tokens.Add(new Token(TokenKind.End, "", LineAt(_text.Length)));
    }

    private int FindOpening(int start)
    {
        for (int i = start; i + 1 < _text.Length; i++)
        {
            int brace = _text.IndexOf('{', i);
            if (brace < 0 || brace + 1 >= _text.Length) return -1;
            if (_text[brace + 1] is '%' or '{' or '#') return brace;
            i = brace;
        }

        return -1;
    }

    private char SignAt(int index) =>
        index < _text.Length && (_text[index] is '-' or '+') ? _text[index] : '\0';

    /// <summary>Where the text before a tag ends once <c>-</c> or <c>lstrip_blocks</c> took their part.</summary>
    private int TrimBefore(int start, int end, char sign, bool isBlock)
    {
        if (sign == '-')
        {
            while (end > start && PythonString.IsSpace(_text[end - 1])) end--;
            return end;
        }

        if (sign == '+' || !isBlock) return end;
        int newline = _text.AsSpan(start, end - start).LastIndexOf('\n');
        if (newline < 0 && !_lineStarts) return end;
        int lineStart = start + newline + 1;
        for (int i = lineStart; i < end; i++)
        {
            if (!PythonString.IsSpace(_text[i])) return end;
        }

        return lineStart;
    }

    private void AddData(int start, int end)
    {
        if (end > start) _tokens.Add(new Token(TokenKind.Data, _text[start..end], LineAt(start)));
    }

    private void SkipComment(int begin)
    {
        int end = _text.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0) throw new ChatTemplateException("missing end of comment tag", LineAt(begin));
        char sign = end > _position && (_text[end - 1] is '-' or '+') ? _text[end - 1] : '\0';
        _position = end + 2;
        TrimAfter(sign);
    }

    /// <summary>Drops what follows <c>%}</c> or <c>#}</c>: one newline, all whitespace after <c>-</c>, nothing after
    /// <c>+</c>.</summary>
    private void TrimAfter(char sign)
    {
        if (sign == '-') SkipSpace();
        else if (sign == '\0' && _position < _text.Length && _text[_position] == '\n') _position++;
        _lineStarts = _text[_position - 1] == '\n';
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && PythonString.IsSpace(_text[_position])) _position++;
    }

    /// <summary>Reads <c>raw … endraw</c> if the tag at hand is one. No newline is dropped after its begin.</summary>
    private bool TryReadRaw(int begin)
    {
        if (!TryMatchWord(_position, "raw", out int after, out char sign) || sign == '+') return false;
        _position = after;
        if (sign == '-') SkipSpace();
        _lineStarts = _text[_position - 1] == '\n';
        for (int from = _position; ;)
        {
            int open = _text.IndexOf("{%", from, StringComparison.Ordinal);
            if (open < 0) throw new ChatTemplateException("missing end of raw directive", LineAt(begin));
            char openSign = SignAt(open + 2);
            if (TryMatchWord(open + (openSign == '\0' ? 2 : 3), "endraw", out after, out sign))
            {
                AddData(_position, TrimBefore(_position, open, openSign, isBlock: true));
                _position = after;
                TrimAfter(sign);
                return true;
            }

            from = open + 2;
        }
    }

    private bool TryMatchWord(int index, string word, out int after, out char sign)
    {
        sign = '\0';
        after = index;
        while (after < _text.Length && PythonString.IsSpace(_text[after])) after++;
        if (string.CompareOrdinal(_text, after, word, 0, word.Length) != 0) return false;
        after += word.Length;
        while (after < _text.Length && PythonString.IsSpace(_text[after])) after++;
        sign = SignAt(after);
        if (sign != '\0') after++;
        if (string.CompareOrdinal(_text, after, "%}", 0, 2) != 0) return false;
        after += 2;
        return true;
    }

    private void ReadTag(int begin, bool isBlock)
    {
        int line = LineAt(begin);
        _tokens.Add(new Token(isBlock ? TokenKind.BlockBegin : TokenKind.VariableBegin, "", line));
        _brackets.Clear();
        while (true)
        {
            SkipSpace();
            if (_position >= _text.Length) return;
            if (_brackets.Count == 0 && TryReadEnd(isBlock)) return;
            ReadToken();
        }
    }

    private bool TryReadEnd(bool isBlock)
    {
        char sign = SignAt(_position);
        if (sign == '+' && !isBlock) return false;
        int at = _position + (sign == '\0' ? 0 : 1);
        if (string.CompareOrdinal(_text, at, isBlock ? "%}" : "}}", 0, 2) != 0) return false;
        TokenKind kind = isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd;
        _tokens.Add(new Token(kind, "", LineAt(_position)));
        _position = at + 2;
        if (isBlock || sign == '-') TrimAfter(sign);
        else _lineStarts = false;
        return true;
    }

    private void ReadToken()
    {
        int start = _position;
        char c = _text[start];
        if (char.IsAsciiDigit(c)) ReadNumber();
        else if (c is '\'' or '"') ReadString(c);
        else if (c == '_' || char.IsLetter(c)) ReadName();
        else ReadOperator();
    }

    private void Add(TokenKind kind, int start) =>
        _tokens.Add(new Token(kind, _text[start.._position], LineAt(start)));

    private void ReadName()
    {
        int start = _position;
        while (_position < _text.Length && (_text[_position] == '_' || char.IsLetterOrDigit(_text[_position])))
            _position++;
        Add(TokenKind.Name, start);
    }

    private void ReadNumber()
    {
        int start = _position;
        bool afterDot = start > 0 && _text[start - 1] == '.';
        char radix = start + 2 < _text.Length && _text[start] == '0' ? char.ToLowerInvariant(_text[start + 1]) : '\0';
        if ((radix is 'x' or 'o' or 'b') && char.IsAsciiHexDigit(_text[start + 2]))
        {
            _position += 2;
            SkipDigits(hexadecimal: radix == 'x');
            Add(TokenKind.Integer, start);
            return;
        }

        SkipDigits(false);
        int wholeEnd = _position;
        if (!afterDot)
        {
            if (DigitAt(_position + 1) && _text[_position] == '.')
            {
                _position++;
                SkipDigits(false);
            }

            if (_position < _text.Length && (_text[_position] is 'e' or 'E'))
            {
                int digits = _position + 1 + (SignAt(_position + 1) == '\0' ? 0 : 1);
                if (DigitAt(digits))
                {
                    _position = digits;
                    SkipDigits(false);
                }
            }
        }

        Add(_position == wholeEnd ? TokenKind.Integer : TokenKind.Float, start);
    }

    private bool DigitAt(int index) => index < _text.Length && char.IsAsciiDigit(_text[index]);

    private void SkipDigits(bool hexadecimal)
    {
        while (_position < _text.Length)
        {
            char c = _text[_position];
            bool isDigit = hexadecimal ? char.IsAsciiHexDigit(c) : char.IsAsciiDigit(c);
            bool isSeparator = c == '_' && _position + 1 < _text.Length && char.IsAsciiHexDigit(_text[_position + 1]);
            if (!isDigit && !isSeparator) break;
            _position++;
        }
    }

    private void ReadString(char quote)
    {
        int start = _position;
        int end = start + 1;
        while (end < _text.Length && _text[end] != quote) end += _text[end] == '\\' ? 2 : 1;
        if (end >= _text.Length)
            throw new ChatTemplateException("a string literal is not closed", LineAt(start));
        _position = end + 1;
        string value = StringLiteral.Unescape(_text.AsSpan(start + 1, end - start - 1), LineAt(start));
        _tokens.Add(new Token(TokenKind.String, value, LineAt(start)));
    }

    private void ReadOperator()
    {
        int start = _position;
        char c = _text[start];
        char next = start + 1 < _text.Length ? _text[start + 1] : '\0';
        bool isDouble = (c == next && (c is '*' or '/')) || (next == '=' && (c is '=' or '!' or '<' or '>'));
        if (isDouble) _position += 2;
        else if ("+-/*%~[](){}><=.:|,;".Contains(c)) _position++;
        else
        {
            string shown = char.IsControl(c) ? ((int)c).ToString("x4", CultureInfo.InvariantCulture) : c.ToString();
            throw new ChatTemplateException($"unexpected character '{shown}'", LineAt(start));
        }

        if (c is '(' or '[' or '{') _brackets.Add(c == '(' ? ')' : c == '[' ? ']' : '}');
        else if (c is ')' or ']' or '}') CloseBracket(c, start);
        Add(TokenKind.Operator, start);
    }

    private void CloseBracket(char c, int at)
    {
        if (_brackets.Count == 0) throw new ChatTemplateException($"unexpected '{c}'", LineAt(at));
        char expected = _brackets[^1];
        if (expected != c) throw new ChatTemplateException($"unexpected '{c}', expected '{expected}'", LineAt(at));
        _brackets.RemoveAt(_brackets.Count - 1);
    }

    /// <summary>Positions are asked for in almost rising order, so lines are counted on from the last answer.</summary>
    private int LineAt(int position)
    {
        if (position < _lineCounted)
            return _line - _text.AsSpan(position, _lineCounted - position).Count('\n');
        _line += _text.AsSpan(_lineCounted, position - _lineCounted).Count('\n');
        _lineCounted = position;
        return _line;
    }
}
