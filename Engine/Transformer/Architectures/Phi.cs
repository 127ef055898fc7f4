namespace Engine.Transformer.Architectures;

/// <summary>Phi-1, 1.5 and 2: one LayerNorm feeds attention and MLP in parallel, biases everywhere.</summary>
internal sealed class Phi2 : Architecture
{
    public override IReadOnlyList<string> Names => ["phi2"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.Norm = NormKind.Layer;
        config.RopePairs = RopePairs.Halves;
        config.Activation = ActivationFunction.GeluTanh;
        config.Gated = false;
        config.ParallelResidual = true;
    }
}

/// <summary>Phi-3 and 4 (dense): fused qkv and gate/up; longrope where the file has factor tensors.</summary>
internal sealed class Phi3 : Architecture
{
    public override IReadOnlyList<string> Names => ["phi3"];

    protected override void Complete(ConfigReader reader, ModelConfig config) => config.RopePairs = RopePairs.Halves;
}
