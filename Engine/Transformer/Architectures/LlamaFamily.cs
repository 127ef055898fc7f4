namespace Engine.Transformer.Architectures;

/// <summary>Llama 1–3, Mistral, SmolLM, TinyLlama: the plain decoder that the others are described against.</summary>
internal sealed class Llama : Architecture
{
    public override IReadOnlyList<string> Names => ["llama"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
    }
}

/// <summary>Qwen 2 and 2.5: biases on q, k and v, half-split RoPE.</summary>
internal sealed class Qwen2 : Architecture
{
    public override IReadOnlyList<string> Names => ["qwen2"];

    protected override void Complete(ConfigReader reader, ModelConfig config) => config.RopePairs = RopePairs.Halves;
}

/// <summary>Qwen 3 (dense): per-head RMSNorm on q and k.</summary>
internal sealed class Qwen3 : Architecture
{
    public override IReadOnlyList<string> Names => ["qwen3"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.RopePairs = RopePairs.Halves;
        config.HeadNorm = HeadNorm.RmsPerHead;
    }
}

/// <summary>SmolLM3: every fourth layer has no RoPE; nothing in the metadata says so.</summary>
internal sealed class SmolLm3 : Architecture
{
    public override IReadOnlyList<string> Names => ["smollm3"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        for (int layer = 3; layer < config.Layers.Length; layer += 4) config.Layers[layer].Rope = -1;
    }
}

/// <summary>OLMo 2 and 3: norms on the outputs only, q/k RMSNorm over the whole projection.</summary>
internal sealed class Olmo2 : Architecture
{
    public override IReadOnlyList<string> Names => ["olmo2"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        config.RopePairs = RopePairs.Halves;
        config.PreNorms = false;
        config.PostNorms = true;
        config.HeadNorm = HeadNorm.RmsFull;
        if (config.Layers[0].Window == 0) return;
        // OLMo 3: three windowed layers to one full one, and only the full ones have a scaled RoPE.
        WindowPattern.Apply(reader, config, period: 4);
        config.Ropes.Add(new RopeParameters { Base = config.Ropes[0].Base, UsesFactors = false });
        foreach (LayerConfig layer in config.Layers.Where(layer => layer.Window > 0)) layer.Rope = 1;
    }
}
