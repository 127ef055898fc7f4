namespace Engine.Transformer.Architectures;

/// <summary>ChatGLM 2/3 and GLM-4: interleaved RoPE on part of a head, gate and up fused in ffn_up.</summary>
internal class ChatGlm : Architecture
{
    public override IReadOnlyList<string> Names => ["chatglm"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        // Only the first half of a head is rotated, also where the file does not say how much.
        if (!reader.Has("rope.dimension_count")) config.RopeDimensions = config.KeyDimension / 4 * 2;
    }
}

/// <summary>GLM-4-0414: as ChatGLM with norms on the outputs of attention and feed-forward too.</summary>
internal sealed class Glm4 : ChatGlm
{
    public override IReadOnlyList<string> Names => ["glm4"];

    protected override void Complete(ConfigReader reader, ModelConfig config)
    {
        base.Complete(reader, config);
        config.PostNorms = true;
    }
}
