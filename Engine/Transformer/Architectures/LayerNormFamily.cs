namespace Engine.Transformer.Architectures;

/// <summary>GPT-2: learned positions, LayerNorm with bias, fused qkv, GELU MLP.</summary>
internal sealed class Gpt2 : Architecture
{
    public override IReadOnlyList<string> Names => ["gpt2"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.Norm = NormKind.Layer;
        config.Activation = ActivationFunction.GeluTanh;
        config.Gated = false;
        config.RopePairs = RopePairs.None;
        config.PositionEmbeddings = true;
        foreach (LayerConfig layer in config.Layers) layer.Rope = -1;
    }
}

/// <summary>StarCoder2: LayerNorm and biases everywhere, GELU MLP, GQA.</summary>
internal sealed class StarCoder2 : Architecture
{
    public override IReadOnlyList<string> Names => ["starcoder2"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.Norm = NormKind.Layer;
        config.RopePairs = RopePairs.Halves;
        config.Activation = ActivationFunction.GeluTanh;
        config.Gated = false;
    }
}

/// <summary>StableLM: LayerNorm, partial RoPE, SwiGLU; the 12B has parallel residuals (no ffn_norm) and q/k norms with
/// a weight row per head.</summary>
internal sealed class StableLm : Architecture
{
    public override IReadOnlyList<string> Names => ["stablelm"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.Norm = NormKind.Layer;
        config.RopePairs = RopePairs.Halves;
        config.ParallelResidual = null;
        config.HeadNorm = HeadNorm.LayerPerHead;
        config.HeadNormOptional = true;
    }
}
