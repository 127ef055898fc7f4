using System.Text;
using CommunityToolkit.HighPerformance.Buffers;
using Engine.Cli;

namespace Engine.LongTasks;

/// <summary>What came of a question.</summary>
/// <param name="Score">100 if the question makes the right choice likelier by more than any other, else 0; of a free
/// answer, its overlap.</param>
/// <param name="Match">Whether the model would write the right answer, token by token.</param>
/// <param name="Loss">Nats per token of the right answer.</param>
/// <param name="Text">The choice, or the free answer.</param>
internal sealed record Answer(double Score, bool Match, double Loss, string Text);

/// <summary>Lets a model read a document once and asks it one question after the other, each as if it were the first.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="attention">How it reads, and how it looks at a question.</param>
/// <param name="context">Tokens for the document, a question and an answer.</param>
/// <param name="exactQuestions">Whether the tokens of a question attend exactly whatever <paramref name="attention"/>
/// says, so that only the document's own states are approximate.</param>
internal sealed class Examiner(LanguageModel model, AttentionOptions attention, int context, bool exactQuestions)
    : IDisposable
{
    /// <summary>Tokens of an answer that are evaluated at once: fewer than are ever approximated, as when they are
    /// generated one by one.</summary>
    private const int AnswerTokens = 8;

    private const int LongestFreeAnswer = 36;

    private readonly Session session = model.CreateSession(
        new SessionOptions { ContextLength = context, Attention = attention });

    /// <summary>How likely choices are anyway; many questions share that.</summary>
    private readonly Dictionary<(string Contrast, string Choice), double> priors = [];

    private int read;

    /// <summary>Forgets everything and reads a document.</summary>
    public void Read(string text)
    {
        session.Reset();
        priors.Clear();
        session.Prefill(Encode(text, begins: true));
        read = session.Length;
    }

    /// <summary>Answers a question about the document.</summary>
    public Answer Ask(Question question)
    {
        double[] anyway = PriorsOf(question);
        Judgement[] choices = Judge(question.Prompt, question.Choices, out float[] logits, out int asked);
        (_, double loss, bool match) = choices[question.Right];
        if (question.IsFree)
        {
            session.Truncate(asked);
            string text = Continue(logits);
            return new Answer(Overlap.Score(text, question.Answer, question.Prompt), match, loss, text);
        }

        int likeliest = Enumerable.Range(0, choices.Length).MinBy(i => choices[i].Total - anyway[i]);
        return new Answer(likeliest == question.Right ? 100 : 0, match, loss, question.Choices[likeliest]);
    }

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();

    private double[] PriorsOf(Question question)
    {
        if (question.Contrast is not { } contrast) return new double[question.Choices.Count];
        string[] missing = [.. question.Choices.Where(choice => !priors.ContainsKey((contrast, choice)))];
        if (missing.Length > 0)
        {
            Judgement[] found = Judge(contrast, missing, out _, out _);
            for (int i = 0; i < missing.Length; i++) priors.Add((contrast, missing[i]), found[i].Total);
        }

        return [.. question.Choices.Select(choice => priors[(contrast, choice)])];
    }

    /// <summary>Likelihoods of continuations of the document and a prompt.</summary>
    private Judgement[] Judge(string prompt, IReadOnlyList<string> choices, out float[] logits, out int end)
    {
        session.Truncate(read);
        int[] tokens = Encode(prompt, begins: false);
        int step = exactQuestions ? AnswerTokens : tokens.Length;
        float[] last = [];
        for (int done = 0; done < tokens.Length; done += step)
            last = session.Prefill(tokens.AsSpan(done, Math.Min(step, tokens.Length - done))).ToArray();
        logits = last;
        end = session.Length;
        return [.. choices.Select(choice => Judge(last, Encode(choice, begins: false), read + tokens.Length))];
    }

    private Judgement Judge(float[] first, int[] tokens, int position)
    {
        var score = new PerplexityScore(model.VocabularySize);
        bool match = true;
        Add(first, tokens[0]);
        if (tokens.Length > 1)
        {
            session.Truncate(position);
            session.Evaluate(tokens.AsSpan(..^1), AddRows, AnswerTokens);
        }

        return new Judgement(score.Mean * score.Count, score.Mean, match);

        void AddRows(int row, ReadOnlySpan<float> logits)
        {
            for (int i = row - position + 1; !logits.IsEmpty; i++, logits = logits[model.VocabularySize..])
                Add(logits[..model.VocabularySize], tokens[i]);
        }

        void Add(ReadOnlySpan<float> logits, int token)
        {
            score.Add(logits, token);
            match &= Likeliest(logits) == token;
        }
    }

    /// <summary>The likeliest continuation, up to the end of its line.</summary>
    private string Continue(float[] logits)
    {
        List<int> tokens = [];
        var last = logits;
        while (tokens.Count < LongestFreeAnswer)
        {
            int token = Likeliest(last);
            if (model.Tokenizer.IsEndOfGeneration(token)) break;
            tokens.Add(token);
            if (model.Tokenizer.GetPiece(token).Contains('\n', StringComparison.Ordinal)) break;
            last = session.Prefill([token]).ToArray();
        }

        return model.Tokenizer.Decode([.. tokens]).Trim();
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best]) best = i;
        return best;
    }

    private readonly record struct Judgement(double Total, double Mean, bool Match);

    private int[] Encode(string text, bool begins)
    {
        if (begins) return model.Tokenize(text);
        using var tokens = new ArrayPoolBufferWriter<int>();
        model.Tokenizer.Encode(Encoding.UTF8.GetBytes(text), tokens, addSpecial: false, parseSpecial: false);
        return tokens.WrittenSpan.ToArray();
    }
}
