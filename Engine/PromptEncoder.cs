using System.Buffers;
using System.Text;
using CommunityToolkit.HighPerformance.Buffers;
using Engine.Text;

namespace Engine;

/// <summary>Text to the tokens of a prompt.</summary>
internal static class PromptEncoder
{
    /// <summary>Encodes a prompt: special tokens are parsed; BOS is added if the metadata asks for it, but not twice:
    /// most chat templates write it themselves.</summary>
    public static int[] Encode(Tokenizer tokenizer, string text) =>
        Encode(tokenizer, Encoding.UTF8.GetBytes(text), begins: true);

    /// <summary>As above, from UTF-8; <paramref name="begins"/> is false for text that continues a conversation.
    /// </summary>
    public static int[] Encode(Tokenizer tokenizer, ReadOnlySpan<byte> utf8, bool begins)
    {
        using var tokens = new ArrayPoolBufferWriter<int>();
        tokenizer.Encode(utf8, tokens, addSpecial: begins, parseSpecial: true);
        ReadOnlySpan<int> ids = tokens.WrittenSpan;
        int bos = tokenizer.BeginOfSequence;
        bool twice = begins && tokenizer.AddsBeginOfSequence && ids.Length > 1 && ids[0] == bos && ids[1] == bos;
        return (twice ? ids[1..] : ids).ToArray();
    }
}
