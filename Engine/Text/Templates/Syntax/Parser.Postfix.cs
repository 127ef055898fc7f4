namespace Engine.Text.Templates;

/// <summary>What follows an operand: attributes, items, calls, filters, tests.</summary>
internal sealed partial class Parser
{
    private Expression ParsePostfix(Expression expression)
    {
        while (Current.Kind == TokenKind.Operator)
        {
            int line = Line;
            switch (Current.Text)
            {
                case ".":
                    Next();
                    expression = ParseAttribute(line, expression);
                    break;
                case "[":
                    Next();
                    expression = ParseSubscript(line, expression);
                    break;
                case "(":
                    expression = new CallExpression(line, expression, ParseArguments());
                    break;
                default:
                    return expression;
            }
        }

        return expression;
    }

    private Expression ParseAttribute(int line, Expression target)
    {
        Token token = Next();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(line, target, token.Text),
            TokenKind.Integer => new ItemExpression(
                line, target, new ConstantExpression(line, NumberText.ParseLiteral(token))),
            _ => throw new ChatTemplateException($"unexpected {token.Describe()}, expected a name", token.Line),
        };
    }

    private Expression ParseSubscript(int line, Expression target)
    {
        if (Current.IsOperator("]")) throw Unexpected("a subscript");
        Expression? start = Current.IsOperator(":") ? null : ParseExpression();
        Expression result;
        if (Current.IsOperator(":"))
        {
            Expression? stop = ParseSliceBound();
            Expression? step = Current.IsOperator(":") ? ParseSliceBound() : null;
            result = new SliceExpression(line, target, start, stop, step);
            if (Current.IsOperator(",")) throw Error("slices with several axes are not supported");
        }
        else if (Current.IsOperator(","))
        {
            List<Expression> items = [start!];
            while (TryOperator(",")) items.Add(ParseExpression());
            result = new ItemExpression(line, target, new ListExpression(line, [.. items], isTuple: true));
        }
        else
        {
            result = new ItemExpression(line, target, start!);
        }

        ExpectOperator("]");
        return result;
    }

    private Expression? ParseSliceBound()
    {
        ExpectOperator(":");
        return Current.IsOperator(":") || Current.IsOperator("]") || Current.IsOperator(",") ? null : ParseExpression();
    }

    private ArgumentList ParseArguments()
    {
        ExpectOperator("(");
        if (TryOperator(")")) return ArgumentList.Empty;
        ArgumentList arguments = new();
        bool isFirst = true;
        while (!Current.IsOperator(")"))
        {
            if (!isFirst) ExpectOperator(",");
            if (Current.IsOperator(")")) break;
            isFirst = false;
            ParseArgument(arguments);
        }

        ExpectOperator(")");
        return arguments;
    }

    private void ParseArgument(ArgumentList arguments)
    {
        if (TryOperator("**"))
        {
            if (arguments.NamedSpread is not null) throw Error("a second ** argument");
            arguments.NamedSpread = ParseExpression();
            return;
        }

        if (arguments.NamedSpread is not null) throw Error("an argument after **");
        if (TryOperator("*"))
        {
            if (arguments.Spread is not null) throw Error("a second * argument");
            arguments.Spread = ParseExpression();
        }
        else if (Current.Kind == TokenKind.Name && Peek().IsOperator("="))
        {
            string name = Next().Text;
            Next();
            foreach ((string used, _) in arguments.Named)
            {
                if (used == name) throw Error($"the argument '{name}' is given twice");
            }

            arguments.Named.Add((name, ParseExpression()));
        }
        else
        {
            if (arguments.Spread is not null || arguments.Named.Count > 0)
                throw Error("a positional argument after a named one");
            arguments.Positional.Add(ParseExpression());
        }
    }

    private Expression ParseFiltersAndTests(Expression expression)
    {
        while (true)
        {
            if (Current.IsOperator("|")) expression = ParseFilter(expression);
            else if (Current.IsName("is")) expression = ParseTest(expression);
            else if (Current.IsOperator("(")) expression = new CallExpression(Line, expression, ParseArguments());
            else return expression;
        }
    }

    private FilterExpression ParseFilter(Expression? input)
    {
        ExpectOperator("|");
        return ParseFilterName(input);
    }

    private FilterExpression ParseFilterName(Expression? input)
    {
        int line = Line;
        string name = ParseDottedName();
        return new FilterExpression(line, input, name, Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty);
    }

    /// <summary>A chain of filters on the text of a block; null if there is none.</summary>
    private FilterExpression? ParseFilterChain()
    {
        FilterExpression? chain = null;
        while (Current.IsOperator("|")) chain = ParseFilter(chain);
        return chain;
    }

    private string ParseDottedName()
    {
        string name = ExpectName();
        while (TryOperator(".")) name += "." + ExpectName();
        return name;
    }

    private Expression ParseTest(Expression input)
    {
        int line = Line;
        Next();
        bool isNegated = TryName("not");
        string name = ParseDottedName();
        ArgumentList arguments = ArgumentList.Empty;
        if (Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (StartsTestOperand())
        {
            if (Current.IsName("is")) throw Error("tests cannot be chained with 'is'");
            arguments = new ArgumentList();
            arguments.Positional.Add(ParsePostfix(ParsePrimary()));
        }

        TestExpression test = new(line, input, name, arguments);
        return isNegated ? new NotExpression(line, test) : test;
    }

    /// <summary>A test takes one operand without parentheses, as in <c>x is divisibleby 3</c>.</summary>
    private bool StartsTestOperand() => Current.Kind switch
    {
        TokenKind.Name => Current.Text is not ("else" or "or" or "and" or "if" or "in" or "not" or "recursive"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => Current.Text is "[" or "{",
        _ => false,
    };
}
