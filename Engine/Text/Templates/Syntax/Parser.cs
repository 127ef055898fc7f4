using System.Runtime.CompilerServices;

namespace Engine.Text.Templates;

/// <summary>Builds the tree of a template by recursive descent. This half reads expressions.</summary>
internal sealed partial class Parser
{
    /// <summary>Nested brackets and statements that are allowed; publishers' templates stay below 20.</summary>
    private const int MaxDepth = 120;

    private readonly List<Token> _tokens;
    private readonly List<MacroDefinition> _openMacros = [];
    private int _index;
    private int _depth;

    private Parser(List<Token> tokens) => _tokens = tokens;

    /// <summary>Reads a whole template.</summary>
    /// <exception cref="ChatTemplateException">It is malformed.</exception>
    public static Statement[] Parse(string source)
    {
        Parser parser = new(Lexer.Tokenize(source));
        return parser.ParseBody();
    }

    private Token Current => _tokens[_index];

    private int Line => Current.Line;

    private Token Next()
    {
        Token token = _tokens[_index];
        if (_index < _tokens.Count - 1) _index++;
        return token;
    }

    private Token Peek() => _tokens[Math.Min(_index + 1, _tokens.Count - 1)];

    private bool TryOperator(string text)
    {
        if (!Current.IsOperator(text)) return false;
        Next();
        return true;
    }

    private bool TryName(string name)
    {
        if (!Current.IsName(name)) return false;
        Next();
        return true;
    }

    private void ExpectOperator(string text)
    {
        if (!TryOperator(text)) throw Unexpected($"'{text}'");
    }

    private string ExpectName()
    {
        if (Current.Kind != TokenKind.Name) throw Unexpected("a name");
        return Next().Text;
    }

    private void Expect(TokenKind kind, string what)
    {
        if (Current.Kind != kind) throw Unexpected(what);
        Next();
    }

    private ChatTemplateException Unexpected(string expected) =>
        Error($"unexpected {Current.Describe()}, expected {expected}");

    private ChatTemplateException Error(string message) => new(message, Line);

    private void Enter()
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Error($"the template is nested more than {MaxDepth} deep");
    }

    private void Leave() => _depth--;

    private Expression ParseExpression(bool withConditional = true)
    {
        Enter();
        Expression expression = withConditional ? ParseConditional() : ParseOr();
        Leave();
        return expression;
    }

    private Expression ParseConditional()
    {
        int line = Line;
        Expression then = ParseOr();
        while (TryName("if"))
        {
            Expression condition = ParseOr();
            Expression? otherwise = TryName("else") ? ParseExpression() : null;
            then = new ConditionalExpression(line, condition, then, otherwise);
        }

        return then;
    }

    private Expression ParseOr()
    {
        int line = Line;
        Expression left = ParseAnd();
        while (TryName("or")) left = new LogicalExpression(line, false, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        int line = Line;
        Expression left = ParseNot();
        while (TryName("and")) left = new LogicalExpression(line, true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        int line = Line;
        if (!TryName("not")) return ParseCompare();
        Enter();
        NotExpression negated = new(line, ParseNot());
        Leave();
        return negated;
    }

    private Expression ParseCompare()
    {
        int line = Line;
        Expression first = ParseSum();
        List<(Operator, Expression)>? rest = null;
        while (TryComparison() is { } operation) (rest ??= []).Add((operation, ParseSum()));
        return rest is null ? first : new CompareExpression(line, first, rest);
    }

    private Operator? TryComparison()
    {
        Operator? operation = null;
        if (Current.Kind == TokenKind.Operator)
        {
            operation = Current.Text switch
            {
                "==" => Operator.Equal,
                "!=" => Operator.NotEqual,
                "<" => Operator.Less,
                "<=" => Operator.LessOrEqual,
                ">" => Operator.Greater,
                ">=" => Operator.GreaterOrEqual,
                _ => null,
            };
        }
        else if (Current.IsName("in"))
        {
            operation = Operator.In;
        }
        else if (Current.IsName("not") && Peek().IsName("in"))
        {
            Next();
            operation = Operator.NotIn;
        }

        if (operation is not null) Next();
        return operation;
    }

    private Expression ParseSum()
    {
        int line = Line;
        Expression left = ParseConcat();
        while (Current.IsOperator("+") || Current.IsOperator("-"))
        {
            Operator operation = Next().Text == "+" ? Operator.Add : Operator.Subtract;
            left = new BinaryExpression(line, operation, left, ParseConcat());
        }

        return left;
    }

    private Expression ParseConcat()
    {
        int line = Line;
        Expression first = ParseProduct();
        if (!Current.IsOperator("~")) return first;
        List<Expression> parts = [first];
        while (TryOperator("~")) parts.Add(ParseProduct());
        return new ConcatExpression(line, parts);
    }

    private Expression ParseProduct()
    {
        int line = Line;
        Expression left = ParsePower();
        while (Current.Kind == TokenKind.Operator && ProductOperator(Current.Text) is { } operation)
        {
            Next();
            left = new BinaryExpression(line, operation, left, ParsePower());
        }

        return left;
    }

    private static Operator? ProductOperator(string text) => text switch
    {
        "*" => Operator.Multiply,
        "/" => Operator.Divide,
        "//" => Operator.FloorDivide,
        "%" => Operator.Modulo,
        _ => null,
    };

    /// <summary>Unlike in Python, <c>**</c> binds to the left and looser than a sign.</summary>
    private Expression ParsePower()
    {
        int line = Line;
        Expression left = ParseUnary(withFilters: true);
        while (TryOperator("**"))
            left = new BinaryExpression(line, Operator.Power, left, ParseUnary(withFilters: true));
        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        int line = Line;
        Expression expression;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            bool isNegative = Next().Text == "-";
            Enter();
            expression = new SignExpression(line, isNegative, ParseUnary(withFilters: false));
            Leave();
        }
        else
        {
            expression = ParsePrimary();
        }

        expression = ParsePostfix(expression);
        return withFilters ? ParseFiltersAndTests(expression) : expression;
    }

    private Expression ParsePrimary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                Next();
                return ParseNameOrConstant(token);
            case TokenKind.String:
                Next();
                string text = token.Text;
                while (Current.Kind == TokenKind.String) text += Next().Text;
                return new ConstantExpression(token.Line, new StringValue(text));
            case TokenKind.Integer or TokenKind.Float:
                Next();
                return new ConstantExpression(token.Line, NumberText.ParseLiteral(token));
            case TokenKind.Operator when token.Text == "(":
                Next();
                Expression inner = ParseTuple(isParenthesised: true);
                ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return ParseList();
            case TokenKind.Operator when token.Text == "{":
                return ParseDict();
            default:
                throw Unexpected("an expression");
        }
    }

    private Expression ParseNameOrConstant(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True": return new ConstantExpression(token.Line, BoolValue.True);
            case "false" or "False": return new ConstantExpression(token.Line, BoolValue.False);
            case "none" or "None": return new ConstantExpression(token.Line, NoneValue.Instance);
        }

        foreach (MacroDefinition macro in _openMacros)
        {
            macro.TakesVarargs |= token.Text == "varargs";
            macro.TakesKwargs |= token.Text == "kwargs";
            macro.TakesCaller |= token.Text == "caller";
        }

        return new NameExpression(token.Line, token.Text);
    }

    /// <summary>One expression, or several with commas between, which make a tuple.</summary>
    private Expression ParseTuple(bool withConditional = true, bool isParenthesised = false, string? endName = null)
    {
        int line = Line;
        List<Expression> items = [];
        bool isTuple = false;
        while (!IsTupleEnd(endName))
        {
            items.Add(ParseExpression(withConditional));
            if (!TryOperator(",")) break;
            isTuple = true;
        }

        if (!isTuple && items.Count == 1) return items[0];
        if (!isTuple && !isParenthesised) throw Unexpected("an expression");
        return new ListExpression(line, [.. items], isTuple: true);
    }

    private bool IsTupleEnd(string? endName) =>
        Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || Current.IsOperator(")")
        || (endName is not null && Current.IsName(endName));

    private ListExpression ParseList()
    {
        int line = Line;
        ExpectOperator("[");
        List<Expression> items = [];
        while (!Current.IsOperator("]"))
        {
            if (items.Count > 0) ExpectOperator(",");
            if (Current.IsOperator("]")) break;
            items.Add(ParseExpression());
        }

        ExpectOperator("]");
        return new ListExpression(line, [.. items], isTuple: false);
    }

    private DictExpression ParseDict()
    {
        int line = Line;
        ExpectOperator("{");
        List<Expression> keys = [];
        List<Expression> values = [];
        while (!Current.IsOperator("}"))
        {
            if (keys.Count > 0) ExpectOperator(",");
            if (Current.IsOperator("}")) break;
            keys.Add(ParseExpression());
            ExpectOperator(":");
            values.Add(ParseExpression());
        }

        ExpectOperator("}");
        return new DictExpression(line, [.. keys], [.. values]);
    }
}
