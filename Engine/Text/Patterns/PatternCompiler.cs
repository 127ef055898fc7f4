namespace Engine.Text.Patterns;

/// <summary>Turns the tree of a pattern into instructions.</summary>
internal sealed class PatternCompiler
{
    /// <summary>Limit for copies of a counted group: no pre-tokenizer comes near.</summary>
    private const int MaxInstructions = 20_000;

    private readonly List<PatternInstruction> _code = [];

    /// <summary>Number of loops around groups; each needs a slot for what it remembers.</summary>
    public int LoopCount { get; private set; }

    /// <summary>Number of runs without limit; each needs a slot for where it failed.</summary>
    public int RunCount { get; private set; }

    public PatternInstruction[] Compile(PatternNode node)
    {
        Emit(node);
        Add(new PatternInstruction { Op = PatternOp.Accept });
        return [.. _code];
    }

    /// <summary>What a match of the node can begin with.</summary>
    public static FirstSet First(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                return new FirstSet(one.Set.Low, one.Set.High, Other: one.Set.SingleAscii() < 0, Nullable: false);
            case PatternNode.Sequence sequence:
                FirstSet all = new(0, 0, false, true);
                foreach (PatternNode part in sequence.Parts)
                {
                    FirstSet first = First(part);
                    all = all.Or(first) with { Nullable = first.Nullable };
                    if (!first.Nullable) break;
                }

                return all;
            case PatternNode.Choice choice:
                FirstSet any = default;
                foreach (PatternNode part in choice.Parts) any = any.Or(First(part));
                return any;
            case PatternNode.Repeat repeat:
                FirstSet body = First(repeat.Body);
                return repeat.Min == 0 ? body with { Nullable = true } : body;
            case PatternNode.Atomic atomic:
                return First(atomic.Body);
            default:
                return new FirstSet(0, 0, false, true);
        }
    }

    private int Add(PatternInstruction instruction)
    {
        if (_code.Count >= MaxInstructions) throw new FormatException("pattern too large");
        _code.Add(instruction);
        return _code.Count - 1;
    }

    private void SetTarget(int index, int x)
    {
        PatternInstruction instruction = _code[index];
        instruction.X = x;
        _code[index] = instruction;
    }

    private void SetSecond(int index, int y)
    {
        PatternInstruction instruction = _code[index];
        instruction.Y = y;
        _code[index] = instruction;
    }

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                int ascii = one.Set.SingleAscii();
                Add(ascii >= 0
                    ? new PatternInstruction { Op = PatternOp.Byte, X = ascii }
                    : new PatternInstruction { Op = PatternOp.Set, Set = one.Set });
                break;
            case PatternNode.Sequence sequence:
                foreach (PatternNode part in sequence.Parts) Emit(part);
                break;
            case PatternNode.Choice choice:
                EmitChoice(choice);
                break;
            case PatternNode.Repeat repeat:
                EmitRepeat(repeat);
                break;
            case PatternNode.Look look:
                EmitLook(look);
                break;
            case PatternNode.Atomic atomic:
                int head = Add(new PatternInstruction { Op = PatternOp.Atomic });
                Emit(atomic.Body);
                SetTarget(head, Add(new PatternInstruction { Op = PatternOp.Accept }) + 1);
                break;
            case PatternNode.Anchor anchor:
                Add(new PatternInstruction { Op = anchor.Op, Set = CharacterSet.Word });
                break;
            default:
                throw new FormatException($"unknown node {node}");
        }
    }

    private void EmitChoice(PatternNode.Choice choice)
    {
        List<int> jumps = [];
        for (int i = 0; i < choice.Parts.Count; i++)
        {
            if (i == choice.Parts.Count - 1)
            {
                Emit(choice.Parts[i]);
                break;
            }

            int split = AddSplit(choice.Parts[i]);
            Emit(choice.Parts[i]);
            jumps.Add(Add(new PatternInstruction { Op = PatternOp.Jump }));
            SetSecond(split, _code.Count);
        }

        foreach (int jump in jumps) SetTarget(jump, _code.Count);
    }

    /// <summary>A Split whose first way is the next instruction.</summary>
    private int AddSplit(PatternNode first)
    {
        int index = Add(new PatternInstruction { Op = PatternOp.Split, First = First(first) });
        SetTarget(index, index + 1);
        return index;
    }

    private void EmitRepeat(PatternNode.Repeat repeat)
    {
        PatternNode body = repeat.Body;
        while (body is PatternNode.Sequence { Parts.Count: 1 } only) body = only.Parts[0];
        if (body is PatternNode.One one && repeat.Mode != RepeatMode.Lazy)
        {
            Add(new PatternInstruction
            {
                Op = PatternOp.Run, Set = one.Set, Min = repeat.Min, Max = repeat.Max, Mode = repeat.Mode,
                X = repeat.Max == int.MaxValue ? RunCount++ : -1,
            });
            return;
        }

        if (repeat.Mode == RepeatMode.Possessive)
        {
            Emit(new PatternNode.Atomic(repeat with { Mode = RepeatMode.Greedy }));
            return;
        }

        bool lazy = repeat.Mode == RepeatMode.Lazy;
        bool open = repeat.Max == int.MaxValue;
        for (int i = open ? 1 : 0; i < repeat.Min; i++) Emit(body);
        if (open) EmitLoop(body, optional: repeat.Min == 0, lazy);
        else EmitOptional(body, repeat.Max - repeat.Min, lazy);
    }

    /// <summary>Body, at least once unless optional, as often as it goes.</summary>
    private void EmitLoop(PatternNode body, bool optional, bool lazy)
    {
        int skip = optional ? AddSplitEitherWay(body, lazy) : -1;
        int start = _code.Count;
        Emit(body);
        Add(new PatternInstruction { Op = PatternOp.Loop, X = LoopCount++ });
        int again = Add(new PatternInstruction { Op = PatternOp.Split, First = First(body) });
        int exit = _code.Count;
        SetTarget(again, lazy ? exit : start);
        SetSecond(again, lazy ? start : exit);
        if (lazy) OpenFirst(again);
        if (skip >= 0) SetExit(skip, exit, lazy);
    }

    private void EmitOptional(PatternNode body, int count, bool lazy)
    {
        List<int> skips = [];
        for (int i = 0; i < count; i++)
        {
            skips.Add(AddSplitEitherWay(body, lazy));
            Emit(body);
        }

        foreach (int skip in skips) SetExit(skip, _code.Count, lazy);
    }

    /// <summary>A Split between the next instruction and an exit that <see cref="SetExit"/> sets.</summary>
    private int AddSplitEitherWay(PatternNode body, bool lazy)
    {
        int index = AddSplit(body);
        if (lazy)
        {
            SetSecond(index, index + 1);
            OpenFirst(index);
        }

        return index;
    }

    private void SetExit(int split, int exit, bool lazy)
    {
        if (lazy) SetTarget(split, exit);
        else SetSecond(split, exit);
    }

    private void OpenFirst(int index)
    {
        PatternInstruction instruction = _code[index];
        instruction.First = new FirstSet(0, 0, true, true);
        _code[index] = instruction;
    }

    private void EmitLook(PatternNode.Look look)
    {
        if (look.Behind)
        {
            PatternNode body = look.Body;
            while (body is PatternNode.Sequence { Parts.Count: 1 } only) body = only.Parts[0];
            if (body is not PatternNode.One one) throw new FormatException("look-behind of more than one character");
            Add(new PatternInstruction { Op = PatternOp.Behind, Set = one.Set, Min = look.Negative ? 0 : 1 });
            return;
        }

        int head = Add(new PatternInstruction { Op = PatternOp.Look, Min = look.Negative ? 0 : 1 });
        Emit(look.Body);
        SetTarget(head, Add(new PatternInstruction { Op = PatternOp.Accept }) + 1);
    }
}
