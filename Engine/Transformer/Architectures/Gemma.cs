namespace Engine.Transformer.Architectures;

/// <summary>Gemma 1: embeddings scaled by √width, GeGLU; the (1 + w) of its norms is folded into the file.</summary>
internal class Gemma : Architecture
{
    public override IReadOnlyList<string> Names => ["gemma"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.RopePairs = RopePairs.Halves;
        config.Activation = ActivationFunction.GeluTanh;
        config.EmbeddingScale = MathF.Sqrt(config.Embedding);
    }

    /// <summary>Windows as the file says, or of 4,096 positions, on all but every <paramref name="period"/>-th layer.
    /// </summary>
    protected static void UseWindow(ConfigReader reader, ModelConfig config, int period)
    {
        int window = reader.Count("attention.sliding_window", 4096);
        foreach (LayerConfig layer in config.Layers) layer.Window = window;
        WindowPattern.Apply(reader, config, period);
    }

    /// <summary>The scaling that the metadata gives is for the global layers; local ones have a plain RoPE.</summary>
    protected static void UseLocalRope(ModelConfig config, float frequencyBase)
    {
        config.Ropes.Add(new RopeParameters { Base = frequencyBase, UsesFactors = false });
        foreach (LayerConfig layer in config.Layers.Where(layer => layer.Window > 0)) layer.Rope = 1;
    }

    /// <summary>The 27B sizes scale q·k by the width per head, not by the head dimension; only the depth tells.
    /// </summary>
    protected static void ScaleByWidth(ConfigReader reader, ModelConfig config, int depthOf27B)
    {
        if (!reader.Has("attention.scale") && config.Layers.Length == depthOf27B)
            config.AttentionScale = 1 / MathF.Sqrt((float)config.Embedding / config.Layers[0].Heads);
    }
}

/// <summary>Gemma 2: norms on both sides, soft-caps, a window on every other layer beginning with the first.</summary>
internal sealed class Gemma2 : Gemma
{
    public override IReadOnlyList<string> Names => ["gemma2"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        base.Complete(reader, config);
        config.PostNorms = true;
        if (!reader.Has("attn_logit_softcapping")) config.AttentionSoftCap = 50;
        if (!reader.Has("final_logit_softcapping")) config.LogitSoftCap = 30;
        UseWindow(reader, config, period: 2);
        if (config.Ropes[0].Scaling != RopeScaling.None) UseLocalRope(config, config.Ropes[0].Base);
        ScaleByWidth(reader, config, 46);
    }
}

/// <summary>Gemma 3 (text): five local layers to one global, each kind with its own RoPE, q/k norms.</summary>
internal sealed class Gemma3 : Gemma
{
    public override IReadOnlyList<string> Names => ["gemma3"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        base.Complete(reader, config);
        config.PostNorms = true;
        config.HeadNorm = HeadNorm.RmsPerHead;
        config.Ropes[0] = CommonRope(reader, config, defaultBase: 1_000_000);
        UseWindow(reader, config, period: 6);
        UseLocalRope(config, reader.Positive("rope.freq_base_swa", 10_000));
        ScaleByWidth(reader, config, 62);
    }
}
