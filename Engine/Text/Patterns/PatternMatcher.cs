namespace Engine.Text.Patterns;

/// <summary>Runs compiled patterns by backtracking, with memory for what has failed.</summary>
/// <remarks>Without captures the outcome of (instruction, position) does not depend on the way there. Remembering it
/// for loops around groups, and for each unlimited run the stretch after which everything failed, keeps the time linear
/// in the text also where plain backtracking is quadratic (<c>\s+$</c>, <c>(?=(\d{3})+(?!\d))</c>). Not thread-safe.
/// </remarks>
internal sealed class PatternMatcher
{
    private const byte Unknown = 0, Failed = 1, Succeeded = 2, Open = 3;

    /// <summary>Values of <see cref="Frame.Low"/> in frames that are not a Run's.</summary>
    private const int Plain = -1, LoopMark = -2;

    /// <summary>Runs shorter than this are not worth a note of their failure.</summary>
    private const int ShortRun = 16;

    /// <summary>Frames kept for the next text; what a hostile text needed beyond is given back.</summary>
    private const int KeptFrames = 1 << 16;

    private Frame[] _stack = new Frame[64];
    private RunFailure[] _runFailures = [];
    private byte[] _loopOutcomes = [];
    private int _depth;
    private CodePointPattern _pattern = null!;

    private struct Frame
    {
        /// <summary>Where to go on; for a Run or Loop its own index.</summary>
        public int Index;

        /// <summary>Position to go on at; for a Run the next candidate (below Low: none left).</summary>
        public int Position;

        /// <summary>For a Run: the first candidate. Negative for other frames.</summary>
        public int Low;

        /// <summary>For a Run: where it began and where its characters end.</summary>
        public int Start;
        public int End;
    }

    /// <summary>A run from Start to End after which no continuation from Low to End led to a match.</summary>
    private struct RunFailure
    {
        public int Start;
        public int Low;
        public int End;
    }

    /// <summary>Prepares a search in one text; must be called whenever text or pattern change.</summary>
    public void Begin(CodePointPattern pattern, int textBytes)
    {
        _pattern = pattern;
        if (_stack.Length > KeptFrames) _stack = new Frame[64];
        if (_runFailures.Length < pattern.RunCount) _runFailures = new RunFailure[pattern.RunCount];
        _runFailures.AsSpan(0, pattern.RunCount).Fill(new RunFailure { Start = int.MaxValue });
        if (pattern.LoopCount == 0) return;
        int needed = checked(pattern.LoopCount * (textBytes + 1));
        if (_loopOutcomes.Length < needed) _loopOutcomes = new byte[Math.Max(needed, _loopOutcomes.Length * 2)];
        _loopOutcomes.AsSpan(0, needed).Clear();
    }

    /// <summary>The end of the match that begins at <paramref name="position"/>, or −1.</summary>
    public int Match(ReadOnlySpan<byte> text, int position)
    {
        _depth = 0;
        return Execute(text, 0, position, isCondition: false);
    }

    private int Execute(ReadOnlySpan<byte> text, int index, int position, bool isCondition)
    {
        PatternInstruction[] code = _pattern.Code;
        int floor = _depth;
        while (true)
        {
            ref readonly PatternInstruction step = ref code[index];
            bool ok;
            switch (step.Op)
            {
                case PatternOp.Byte:
                    ok = position < text.Length && text[position] == step.X;
                    position++;
                    index++;
                    break;
                case PatternOp.Set:
                    ok = step.Set!.Matches(text, position, out int length);
                    position += length;
                    index++;
                    break;
                case PatternOp.Run:
                    ok = Run(text, in step, index, ref position);
                    index++;
                    break;
                case PatternOp.Split:
                    bool first = position < text.Length ? step.First.Allows(text[position]) : step.First.Nullable;
                    if (first) Push(step.Y, position, Plain);
                    index = first ? step.X : step.Y;
                    ok = true;
                    break;
                case PatternOp.Jump:
                    index = step.X;
                    ok = true;
                    break;
                case PatternOp.Loop:
                    ref byte outcome = ref Outcome(text, step.X, position);
                    if (outcome == Succeeded && isCondition)
                    {
                        Unwind(text, floor, Succeeded);
                        return position;
                    }

                    ok = outcome == Unknown;
                    if (ok)
                    {
                        outcome = Open;
                        Push(index, position, LoopMark);
                    }

                    index++;
                    break;
                case PatternOp.Accept:
                    Unwind(text, floor, isCondition ? Succeeded : Unknown);
                    return position;
                default:
                    ok = Special(text, in step, ref index, ref position);
                    break;
            }

            if (!ok && !Backtrack(text, floor, out index, out position)) return -1;
        }
    }

    /// <summary>The rarer instructions: conditions and atomic groups.</summary>
    private bool Special(ReadOnlySpan<byte> text, in PatternInstruction step, ref int index, ref int position)
    {
        int at = position;
        index++;
        switch (step.Op)
        {
            case PatternOp.Look:
                bool found = Execute(text, index, at, isCondition: true) >= 0;
                index = step.X;
                return found == (step.Min == 1);
            case PatternOp.Atomic:
                position = Execute(text, index, at, isCondition: false);
                index = step.X;
                return position >= 0;
            case PatternOp.Behind:
                return (at > 0 && step.Set!.Matches(text, Utf8Text.Previous(text, at), out _)) == (step.Min == 1);
            case PatternOp.WordBoundary or PatternOp.NotWordBoundary:
                bool before = at > 0 && step.Set!.Matches(text, Utf8Text.Previous(text, at), out _);
                bool after = step.Set!.Matches(text, at, out _);
                return (before != after) == (step.Op == PatternOp.WordBoundary);
            case PatternOp.Start:
                return at == 0;
            case PatternOp.End:
                return at == text.Length || (at == text.Length - 1 && text[at] == '\n');
            case PatternOp.VeryEnd:
                return at == text.Length;
            default:
                throw new InvalidOperationException($"instruction {step.Op}");
        }
    }

    /// <summary>Takes as many characters as it may and leaves a frame for the shorter runs.</summary>
    private bool Run(ReadOnlySpan<byte> text, in PatternInstruction step, int index, ref int position)
    {
        int start = position, end = start, low = step.Min == 0 ? start : -1;
        bool unlimited = step.X >= 0;
        RunFailure known = unlimited ? _runFailures[step.X] : new RunFailure { Start = int.MaxValue };
        bool greedy = step.Mode == RepeatMode.Greedy;
        // A later start in a failed run has a subset of its continuations.
        if (greedy && start >= known.Start && start <= known.End) return false;

        CharacterSet set = step.Set!;
        int limit = step.Max, count = 0;
        while (count < limit && end != known.Start && set.Matches(text, end, out int length))
        {
            end += length;
            if (++count == step.Min) low = end;
        }

        int top = end;
        if (greedy && end == known.Start && count > 0)
        {
            // Joined a failed run: only the continuations before its first one are new.
            if (low < 0) low = MinimumEnd(text, set, start, step.Min);
            end = known.End;
            top = low < 0 ? -1 : low < known.Low ? Utf8Text.Previous(text, known.Low) : -1;
            if (top < low || top < 0)
            {
                _runFailures[step.X].Start = start;
                if (low >= 0) _runFailures[step.X].Low = Math.Min(low, known.Low);
                return false;
            }
        }

        if (low < 0) return false;
        if (greedy && (top > low || (unlimited && end - start > ShortRun))) PushRun(index, text, low, top, start, end);
        position = top;
        return true;
    }

    /// <summary>End of the shortest run from <paramref name="start"/>, or −1 if there are too few characters.</summary>
    private static int MinimumEnd(ReadOnlySpan<byte> text, CharacterSet set, int start, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (!set.Matches(text, start, out int length)) return -1;
            start += length;
        }

        return start;
    }

    private void Push(int index, int position, int kind)
    {
        if (_depth == _stack.Length) Array.Resize(ref _stack, _depth * 2);
        ref Frame frame = ref _stack[_depth++];
        frame.Index = index;
        frame.Position = position;
        frame.Low = kind;
    }

    private void PushRun(int index, ReadOnlySpan<byte> text, int low, int top, int start, int end)
    {
        if (_depth == _stack.Length) Array.Resize(ref _stack, _depth * 2);
        ref Frame frame = ref _stack[_depth++];
        frame.Index = index;
        frame.Low = low;
        frame.Start = start;
        frame.End = end;
        frame.Position = top > low ? Utf8Text.Previous(text, top) : -1;
    }

    /// <summary>Finds the latest way not yet tried; notes what has failed on the way there.</summary>
    private bool Backtrack(ReadOnlySpan<byte> text, int floor, out int index, out int position)
    {
        PatternInstruction[] code = _pattern.Code;
        while (_depth > floor)
        {
            ref Frame frame = ref _stack[_depth - 1];
            index = frame.Index;
            position = frame.Position;
            if (frame.Low < 0)
            {
                _depth--;
                if (frame.Low == Plain) return true;
                Outcome(text, code[index].X, position) = Failed;
                continue;
            }

            if (position >= frame.Low)
            {
                frame.Position = position > frame.Low ? Utf8Text.Previous(text, position) : -1;
                index++;
                return true;
            }

            _depth--;
            if (code[index].X >= 0) NoteFailure(ref _runFailures[code[index].X], in frame);
        }

        (index, position) = (0, 0);
        return false;
    }

    private static void NoteFailure(ref RunFailure known, in Frame frame)
    {
        known = new RunFailure { Start = frame.Start, Low = frame.Low, End = frame.End };
    }

    private ref byte Outcome(ReadOnlySpan<byte> text, int slot, int position) =>
        ref _loopOutcomes[(slot * (text.Length + 1)) + position];

    /// <summary>Drops the frames of a program that has matched; loops still open lie on the way to the match.</summary>
    private void Unwind(ReadOnlySpan<byte> text, int floor, byte outcome)
    {
        PatternInstruction[] code = _pattern.Code;
        for (int i = floor; _pattern.LoopCount > 0 && i < _depth; i++)
        {
            ref Frame frame = ref _stack[i];
            if (frame.Low == LoopMark)
                Outcome(text, code[frame.Index].X, frame.Position) = outcome;
        }

        _depth = floor;
    }
}
