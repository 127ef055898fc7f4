using System.Text;
using Engine.Gguf;
using Engine.Text;

namespace Engine.Shapes;

/// <summary>A byte-pair vocabulary of any size: the 256 bytes, then all pairs of them, then some triples, each with the
/// merge that makes it; the last tokens are control tokens.</summary>
/// <remarks>llama.cpp refuses a <c>gpt2</c> vocabulary without merges, and both programs want to encode any byte.
/// </remarks>
internal static class ShapeVocabulary
{
    public const int Smallest = Bytes + Controls;
    public const int Largest = Bytes + 2 * Pairs + Controls;

    private const int Bytes = 256;
    private const int Pairs = Bytes * Bytes;

    /// <summary>As many as Llama 3 has.</summary>
    private const int Controls = 256;

    private const int NormalType = 1, ControlType = 3;

    /// <summary>Adds the vocabulary's metadata.</summary>
    public static void Add(GgufWriter writer, int size)
    {
        string[] bytes = [.. Enumerable.Range(0, Bytes).Select(value => Spell((byte)value))];
        var tokens = new List<string>(bytes);
        var merges = new List<string>();
        int normal = size - Controls;
        for (int i = 0; tokens.Count < normal; i++)
        {
            // The triple after all pairs joins pair i with the last of its bytes: unique, as the pair is.
            int pair = i % Pairs;
            string first = i < Pairs ? bytes[pair / Bytes] : bytes[pair / Bytes] + bytes[pair % Bytes];
            string second = bytes[pair % Bytes];
            tokens.Add(first + second);
            merges.Add(first + " " + second);
        }

        // Nothing to merge is a vocabulary of bytes; an empty list would be refused.
        if (merges.Count == 0) merges.Add(bytes[0] + " " + bytes[0]);
        for (int i = 0; i < Controls; i++) tokens.Add(ControlName(i));
        writer.Add("tokenizer.ggml.model", "gpt2");
        writer.Add("tokenizer.ggml.pre", "llama-bpe");
        writer.Add("tokenizer.ggml.tokens", tokens.ToArray());
        writer.Add("tokenizer.ggml.token_type",
            Enumerable.Range(0, size).Select(i => i < normal ? NormalType : ControlType).ToArray());
        writer.Add("tokenizer.ggml.merges", merges.ToArray());
        writer.Add("tokenizer.ggml.bos_token_id", (uint)normal);
        writer.Add("tokenizer.ggml.eos_token_id", (uint)normal + 1);
    }

    private static string ControlName(int index) => index switch
    {
        0 => "<|begin_of_text|>",
        1 => "<|end_of_text|>",
        _ => $"<|reserved_special_token_{index - 2}|>",
    };

    private static string Spell(byte value)
    {
        Span<byte> spelling = stackalloc byte[ByteAlphabet.MaxBytesPerByte];
        return Encoding.UTF8.GetString(spelling[..ByteAlphabet.Spell(value, spelling)]);
    }
}
