namespace Engine.Text.Templates;

/// <summary>The half that reads text and statements.</summary>
internal sealed partial class Parser
{
    /// <summary>Reads up to one of the end tags, which stays unread after its <c>{%</c>; up to the template's end if
    /// there are none.</summary>
    private Statement[] ParseBody(params ReadOnlySpan<string> endNames)
    {
        Enter();
        int openedAt = Line;
        List<Statement> body = [];
        while (true)
        {
            Token token = Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    Next();
                    body.Add(new TextStatement(token.Line, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    Next();
                    body.Add(new PrintStatement(token.Line, ParseTuple()));
                    Expect(TokenKind.VariableEnd, "end of print statement");
                    break;
                case TokenKind.BlockBegin:
                    Next();
                    if (Current.Kind == TokenKind.Name && endNames.Contains(Current.Text))
                    {
                        Leave();
                        return [.. body];
                    }

                    body.Add(ParseStatement());
                    break;
                default:
                    if (token.Kind != TokenKind.End) throw Unexpected("a tag");
                    if (endNames.Length > 0)
                        throw Error($"unexpected end of template, '{endNames[^1]}' is missing (from line {openedAt})");
                    Leave();
                    return [.. body];
            }
        }
    }

    private void EndTag() => Expect(TokenKind.BlockEnd, "end of statement block");

    /// <summary>The rest of an opening tag, the body, and the closing tag.</summary>
    private Statement[] ParseBlock(string endName)
    {
        TryOperator(":");
        EndTag();
        Statement[] body = ParseBody(endName);
        Next();
        return body;
    }

    private Statement ParseStatement()
    {
        int line = Line;
        string name = ExpectName();
        Statement statement = name switch
        {
            "for" => ParseFor(line),
            "if" => ParseIf(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "call" => ParseCall(line),
            "filter" => ParseFilterBlock(line),
            "with" => ParseWith(line),
            "generation" => new ScopeStatement(line, false, ParseBlock("endgeneration")),
            "autoescape" => ParseAutoescape(line),
            "block" => ParseNamedBlock(line),
            "break" => new BreakStatement(line),
            "continue" => new ContinueStatement(line),
            "include" or "import" or "from" or "extends" => throw new ChatTemplateException(
                $"'{name}' is not supported: a chat template stands alone", line),
            _ => throw new ChatTemplateException($"unknown tag '{name}'", line),
        };
        EndTag();
        return statement;
    }

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTarget("in");
        if (!TryName("in")) throw Unexpected("'in'");
        ForStatement loop = new(line, target, ParseTuple(withConditional: false, endName: "recursive"));
        if (TryName("if")) loop.Condition = ParseExpression();
        loop.IsRecursive = TryName("recursive");
        TryOperator(":");
        EndTag();
        loop.Body = ParseBody("else", "endfor");
        if (TryName("else")) loop.Otherwise = ParseBlock("endfor");
        else Next();
        return loop;
    }

    private IfStatement ParseIf(int line)
    {
        List<(Expression, Statement[])> branches = [];
        while (true)
        {
            Expression condition = ParseTuple(withConditional: false);
            TryOperator(":");
            EndTag();
            branches.Add((condition, ParseBody("elif", "else", "endif")));
            if (TryName("elif")) continue;
            if (TryName("else")) return new IfStatement(line, branches, ParseBlock("endif"));
            Next();
            return new IfStatement(line, branches, []);
        }
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget(null);
        if (TryOperator("=")) return new SetStatement(line, target, ParseTuple());
        FilterExpression? filter = ParseFilterChain();
        return new CaptureStatement(line, target, filter, ParseBlock("endset"));
    }

    private MacroStatement ParseMacro(int line)
    {
        MacroDefinition macro = new(ExpectName());
        ParseSignature(macro);
        return new MacroStatement(line, ParseMacroBody(macro, "endmacro"));
    }

    private CallStatement ParseCall(int line)
    {
        MacroDefinition caller = new("caller");
        if (Current.IsOperator("(")) ParseSignature(caller);
        if (ParseExpression() is not CallExpression call) throw Error("expected a call after 'call'");
        return new CallStatement(line, ParseMacroBody(caller, "endcall"), call);
    }

    private MacroDefinition ParseMacroBody(MacroDefinition macro, string endName)
    {
        _openMacros.Add(macro);
        macro.Body = ParseBlock(endName);
        _openMacros.RemoveAt(_openMacros.Count - 1);
        return macro;
    }

    private void ParseSignature(MacroDefinition macro)
    {
        ExpectOperator("(");
        while (!Current.IsOperator(")"))
        {
            if (macro.Parameters.Count > 0) ExpectOperator(",");
            if (Current.IsOperator(")")) break;
            string name = ExpectName();
            if (macro.Parameters.Contains(name)) throw Error($"the parameter '{name}' is given twice");
            macro.Parameters.Add(name);
            if (TryOperator("=")) macro.Defaults.Add(ParseExpression());
            else if (macro.Defaults.Count > 0) throw Error("a parameter without default after one with a default");
        }

        ExpectOperator(")");
    }

    private CaptureStatement ParseFilterBlock(int line)
    {
        FilterExpression filter = ParseFilterName(null);
        while (Current.IsOperator("|")) filter = ParseFilter(filter);
        return new CaptureStatement(line, null, filter, ParseBlock("endfilter"));
    }

    private WithStatement ParseWith(int line)
    {
        List<(Target, Expression)> bindings = [];
        while (Current.Kind != TokenKind.BlockEnd && !Current.IsOperator(":"))
        {
            if (bindings.Count > 0) ExpectOperator(",");
            Target target = ParseTarget(null, isSingle: true);
            ExpectOperator("=");
            bindings.Add((target, ParseExpression()));
        }

        return new WithStatement(line, bindings, ParseBlock("endwith"));
    }

    private ScopeStatement ParseAutoescape(int line)
    {
        if (ParseExpression() is not ConstantExpression { Value.IsTrue: false })
            throw Error("'autoescape' is supported with false only: prompts are not HTML");
        return new ScopeStatement(line, false, ParseBlock("endautoescape"));
    }

    private ScopeStatement ParseNamedBlock(int line)
    {
        string name = ExpectName();
        bool isScoped = TryName("scoped");
        TryName("required");
        ScopeStatement block = new(line, !isScoped, ParseBlock("endblock"));
        TryName(name);
        return block;
    }

    private Target ParseTarget(string? endName, bool isSingle = false)
    {
        List<Target> items = [];
        bool isTuple = false;
        while (endName is null || !Current.IsName(endName))
        {
            if (Current.Kind is TokenKind.BlockEnd || Current.IsOperator("=") || Current.IsOperator(")")) break;
            items.Add(ParseTargetItem());
            if (isSingle || !TryOperator(",")) break;
            isTuple = true;
        }

        if (items.Count == 0) throw Unexpected("a name to assign to");
        return isTuple ? new TupleTarget([.. items]) : items[0];
    }

    private Target ParseTargetItem()
    {
        if (TryOperator("("))
        {
            Enter();
            Target inner = ParseTarget(null);
            Leave();
            ExpectOperator(")");
            return inner;
        }

        int line = Line;
        string name = ExpectName();
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
            throw new ChatTemplateException($"'{name}' cannot be assigned to", line);
        return TryOperator(".") ? new NamespaceTarget(name, ExpectName()) : new NameTarget(name);
    }
}
