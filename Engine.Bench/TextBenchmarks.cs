using System.Buffers;
using BenchmarkDotNet.Attributes;
using Engine.Gguf;
using Engine.Text;

namespace Engine.Bench;

/// <summary>The tokenizer of a shipped model, there and back, on the text that tests take likelihoods of.</summary>
public class TextBenchmarks : IMeasuredWork
{
    private readonly ArrayBufferWriter<int> tokens = new();
    private readonly ArrayBufferWriter<byte> bytes = new();
    private GgufFile file = null!;
    private Tokenizer tokenizer = null!;
    private byte[] text = null!;
    private int[] encoded = null!;

    /// <summary>Byte pairs with a vocabulary of 49,152, and a SentencePiece-like one of 4,096.</summary>
    [Params("smollm2-135m-instruct-q4_1", "tales-cla2-q8_0")]
    public string Model { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        Claim.Check();
        file = GgufFile.Open(Path.Combine(Repository.Root, "models", Model + ".gguf"));
        tokenizer = ModelText.ReadTokenizer(file.Metadata);
        text = Repository.Text();
        Encode();
        encoded = tokens.WrittenSpan.ToArray();
        Decode();
        if (!bytes.WrittenSpan.SequenceEqual(text)) throw new InvalidOperationException("the text does not come back");
    }

    [GlobalCleanup]
    public void Cleanup() => file.Dispose();

    [Benchmark]
    public void Encode()
    {
        tokens.ResetWrittenCount();
        tokenizer.Encode(text, tokens, addSpecial: false, parseSpecial: false);
    }

    [Benchmark]
    public void Decode()
    {
        bytes.ResetWrittenCount();
        tokenizer.Decode(encoded, bytes);
    }

    Work IMeasuredWork.WorkOf(string method) => new(Repository.Text().Length, 0);
}
