using Engine.Gguf;
using Engine.Kernels;

namespace Engine.Transformer;

/// <summary>All weights of a model, bound to its file.</summary>
internal sealed unsafe class ModelWeights : IDisposable
{
    private const int LargestVocabulary = 1 << 24;

    private readonly TensorBinder tensors;
    private readonly PackedWeights? packed;

    /// <summary>Binds and checks every tensor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="config">What its metadata say.</param>
    /// <param name="kernels">Kernels of an instruction set.</param>
    /// <param name="packed">Copies to be used instead of the file's matrices, from now on owned; null = none.</param>
    /// <exception cref="ModelFormatException">A tensor is missing, unknown, or has another shape or type.</exception>
    public ModelWeights(GgufFile file, ModelConfig config, KernelSet kernels, PackedWeights? packed = null)
    {
        this.packed = packed;
        tensors = new TensorBinder(file, kernels, packed);
        try
        {
            TokenEmbedding = tensors.Table("token_embd.weight", config.Embedding, LargestVocabulary);
            OutputNorm = new NormWeights
            {
                Weight = tensors.Vector("output_norm.weight", config.Embedding),
                Bias = config.Norm == NormKind.Layer
                    ? tensors.OptionalVector("output_norm.bias", config.Embedding) : null,
            };
            // Tied embeddings: the token embedding is the head.
            string head = tensors.Has("output.weight") ? "output" : "token_embd";
            Output = tensors.LinearOfAnyRows(head, config.Embedding, LargestVocabulary, "output");
            if (Output.Rows != TokenEmbedding.Rows)
                throw new ModelFormatException(
                    $"tensor output.weight: expected {TokenEmbedding.Rows} rows as token_embd.weight, "
                    + $"found {Output.Rows}");
            if (config.PositionEmbeddings)
                PositionEmbedding = tensors.Table("position_embd.weight", config.Embedding, LargestVocabulary);
            BindRope(config);
            Layers = new LayerWeights[config.Layers.Length];
            for (int layer = 0; layer < Layers.Length; layer++)
                Layers[layer] = new LayerBinder(tensors, config, layer).Bind();
            tensors.RefuseUnused(config.Architecture);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public RowTable TokenEmbedding { get; }

    public RowTable? PositionEmbedding { get; }

    public NormWeights OutputNorm { get; }

    public Linear Output { get; }

    public LayerWeights[] Layers { get; }

    /// <summary>Divisors of the RoPE frequencies for contexts up to the original one; empty = none.</summary>
    public float[] ShortFactors { get; private set; } = [];

    /// <summary>Divisors for longer contexts (longrope); otherwise the same.</summary>
    public float[] LongFactors { get; private set; } = [];

    /// <summary>True if the file has longrope's two sets.</summary>
    public bool HasLongRope { get; private set; }

    public int Vocabulary => TokenEmbedding.Rows;

    /// <summary>Bytes of the matrices that were packed at load.</summary>
    public long PackedBytes => packed?.Bytes ?? 0;

    public void Dispose()
    {
        tensors.Dispose();
        packed?.Dispose();
    }

    private void BindRope(ModelConfig config)
    {
        int pairs = config.RopeDimensions / 2;
        if (tensors.Has("rope_factors_long.weight") || tensors.Has("rope_factors_short.weight"))
        {
            LongFactors = Factors("rope_factors_long.weight", pairs);
            ShortFactors = Factors("rope_factors_short.weight", pairs);
            HasLongRope = true;
        }

        if (tensors.Has("rope_freqs.weight")) ShortFactors = LongFactors = Factors("rope_freqs.weight", pairs);
    }

    private float[] Factors(string name, int pairs)
    {
        float[] factors = new ReadOnlySpan<float>(tensors.Vector(name, pairs), pairs).ToArray();
        foreach (float factor in factors)
            if (!(factor > 0) || !float.IsFinite(factor))
                throw new ModelFormatException($"tensor {name}: expected positive divisors, found {factor}");
        return factors;
    }
}
