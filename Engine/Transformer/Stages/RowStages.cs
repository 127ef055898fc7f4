using Engine.Attention;
using Engine.Cache;
using Engine.Kernels;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Work on one row at a time: chunk = row.</summary>
internal abstract unsafe class RowStage(ForwardState state) : IStage
{
    protected ForwardState State { get; } = state;

    protected VectorKernels Vector { get; } = state.Vector;

    protected ModelConfig Config { get; } = state.Config;

    public abstract void Run(int chunk, int worker);

    protected void Normalize(float* x, in NormWeights norm, float* output)
    {
        if (Config.Norm == NormKind.Rms) Vector.RmsNorm(x, norm.Weight, output, Config.Embedding, Config.NormEpsilon);
        else Vector.LayerNorm(x, norm.Weight, norm.Bias, output, Config.Embedding, Config.NormEpsilon);
    }

    /// <summary>Input of a block: normed where the layer has a norm, and quantised for its kernels.</summary>
    protected void PrepareInput(int row, in NormWeights norm, ActivationBuffer input)
    {
        float* x = State.Hidden(row);
        if (norm.Weight is not null) Normalize(x, norm, input.Row(row));
        else Buffer.MemoryCopy(x, input.Row(row), Config.Embedding * sizeof(float), Config.Embedding * sizeof(float));
        input.Prepare(row, Config.Embedding);
    }

    /// <summary>hidden += norm(output + bias).</summary>
    protected void AddBlock(int row, Linear linear, in NormWeights norm)
    {
        float* output = State.BlockOutput(row);
        if (linear.Bias is not null) Vector.Add(output, linear.Bias, Config.Embedding);
        if (norm.Weight is not null) Normalize(output, norm, output);
        Vector.Add(State.Hidden(row), output, Config.Embedding);
    }
}

/// <summary>Token (and position) embedding, and the RoPE angles of the row's position.</summary>
internal sealed unsafe class EmbedStage(ForwardState state, ModelWeights weights) : RowStage(state)
{
    public override void Run(int chunk, int worker)
    {
        int position = State.Positions[chunk];
        float* x = State.Hidden(chunk);
        weights.TokenEmbedding.Decode(State.Batch.Tokens[chunk], x);
        if (Config.EmbeddingScale != 1) Vector.Scale(x, Config.EmbeddingScale, Config.Embedding);
        if (weights.PositionEmbedding is not null)
        {
            float* learned = State.BlockOutput(chunk);
            weights.PositionEmbedding.Decode(position, learned);
            Vector.Add(x, learned, Config.Embedding);
        }

        if (Config.RopePairs == RopePairs.None) return;
        RopeVariants ropes = State.SequenceOf(chunk).Ropes;
        for (int variant = 0; variant < ropes.Count; variant++)
            ropes.Angles(variant, position, State.Cosines(chunk, variant), State.Sines(chunk, variant));
    }
}

/// <summary>Input of the projections of a layer.</summary>
internal sealed unsafe class AttentionInputStage(ForwardState state) : RowStage(state)
{
    public override void Run(int chunk, int worker)
    {
        LayerWeights layer = State.Layer;
        PrepareInput(chunk, layer.AttentionNorm, State.Input);
        if (layer.Key is null || ReferenceEquals(State.KvInput, State.Input)) return;
        PrepareInput(chunk, layer.KvNorm.Weight is null ? layer.AttentionNorm : layer.KvNorm, State.KvInput);
    }
}

/// <summary>Biases, head norms and RoPE; an owner writes its keys and values into the ring of its group.</summary>
internal sealed unsafe class HeadsStage(ForwardState state) : RowStage(state)
{
    public override void Run(int chunk, int worker)
    {
        LayerWeights layer = State.Layer;
        float* query = State.Queries(chunk);
        Finish(chunk, query, layer.Query, layer.QueryNorm, layer.Config.Heads);
        if (layer.Key is null) return;
        float* key = State.Keys(chunk);
        float* value = State.Values(chunk);
        int kvHeads = layer.Config.KvHeads;
        Finish(chunk, key, layer.Key, layer.KeyNorm, kvHeads);
        if (layer.Value!.Bias is not null) Vector.Add(value, layer.Value.Bias, layer.Value.Rows);
        KvRing ring = State.SequenceOf(chunk).Cache.Ring(layer.Group);
        int slot = ring.Slot(State.Positions[chunk]);
        for (int head = 0; head < kvHeads; head++)
        {
            CacheRows.Write(Vector, ring.Type, key + head * Config.KeyDimension, Config.KeyDimension,
                ring.Keys(head) + slot * ring.KeyRowBytes, CacheRows.PaddedElements(Config.KeyDimension));
            CacheRows.Write(Vector, ring.Type, value + head * Config.ValueDimension, Config.ValueDimension,
                ring.Values(head) + slot * ring.ValueRowBytes, CacheRows.PaddedElements(Config.ValueDimension));
        }
    }

    private void Finish(int row, float* x, Linear projection, in NormWeights norm, int heads)
    {
        int size = Config.KeyDimension;
        if (projection.Bias is not null) Vector.Add(x, projection.Bias, projection.Rows);
        if (norm.Weight is not null && Config.HeadNorm == HeadNorm.RmsFull)
            Vector.RmsNorm(x, norm.Weight, x, heads * size, Config.NormEpsilon);
        for (int head = 0; head < heads; head++)
        {
            float* h = x + head * size;
            if (norm.Weight is not null && Config.HeadNorm == HeadNorm.RmsPerHead)
                Vector.RmsNorm(h, norm.Weight, h, size, Config.NormEpsilon);
            else if (norm.Weight is not null && Config.HeadNorm == HeadNorm.LayerPerHead)
                Vector.LayerNorm(h, norm.Weight + head * size, null, h, size, Config.NormEpsilon);
            Rotate(row, h);
        }
    }

    private void Rotate(int row, float* head)
    {
        int variant = State.Layer.Config.Rope;
        if (variant < 0) return;
        float* cos = State.Cosines(row, variant);
        float* sin = State.Sines(row, variant);
        int pairs = Config.RopeDimensions / 2;
        if (Config.RopePairs == RopePairs.Interleaved) Vector.RopeInterleaved(head, cos, sin, pairs);
        else Vector.RopeHalves(head, cos, sin, pairs);
    }
}

/// <summary>Quantises the output of attention for its projection.</summary>
internal sealed class AttentionOutputStage(ForwardState state, AttendStage attend) : RowStage(state)
{
    public override void Run(int chunk, int worker)
    {
        attend.Merge(chunk);
        State.AttentionOutput.Prepare(chunk, State.Layer.Config.Heads * Config.ValueDimension);
    }
}

/// <summary>Adds attention to the residual stream; input of the feed-forward block.</summary>
internal sealed unsafe class FeedForwardInputStage(ForwardState state) : RowStage(state)
{
    public override void Run(int chunk, int worker)
    {
        LayerWeights layer = State.Layer;
        AddBlock(chunk, layer.Output, layer.PostAttentionNorm);
        // With parallel residuals the feed-forward block reads the input of attention, which is still there.
        if (!layer.Parallel) PrepareInput(chunk, layer.FeedForwardNorm, State.Input);
    }
}

/// <summary>act(gate) · up, or act(up).</summary>
internal sealed unsafe class ActivationStage(ForwardState state) : RowStage(state)
{
    public override void Run(int chunk, int worker)
    {
        LayerWeights layer = State.Layer;
        int n = layer.Config.FeedForward;
        float* x = State.Activated.Row(chunk);
        Linear first = layer.Gate ?? layer.Up;
        if (first.Bias is not null) Vector.Add(x, first.Bias, n);
        if (layer.Gate is null)
        {
            Activate(x, n);
        }
        else
        {
            float* up = State.Up(chunk);
            if (layer.Up.Bias is not null) Vector.Add(up, layer.Up.Bias, n);
            ActivateGate(x, up, n);
        }

        State.Activated.Prepare(chunk, n);
    }

    private void Activate(float* x, int n)
    {
        switch (Config.Activation)
        {
            case ActivationFunction.Silu: Vector.Silu(x, n); break;
            case ActivationFunction.GeluTanh: Vector.GeluTanh(x, n); break;
            case ActivationFunction.GeluErf: Vector.GeluErf(x, n); break;
            default: Vector.ReluSquared(x, n); break;
        }
    }

    private void ActivateGate(float* gate, float* up, int n)
    {
        switch (Config.Activation)
        {
            case ActivationFunction.Silu: Vector.SiluMultiply(gate, up, n); break;
            case ActivationFunction.GeluTanh: Vector.GeluTanhMultiply(gate, up, n); break;
            case ActivationFunction.GeluErf: Vector.GeluErfMultiply(gate, up, n); break;
            default: throw new NotSupportedException($"gated {Config.Activation}");
        }
    }
}

/// <summary>Adds the feed-forward block to the residual stream.</summary>
internal sealed class FeedForwardOutputStage(ForwardState state) : RowStage(state)
{
    public override void Run(int chunk, int worker) =>
        AddBlock(chunk, State.Layer.Down, State.Layer.PostFeedForwardNorm);
}

/// <summary>Final norm of the rows that need logits.</summary>
internal sealed class OutputNormStage(ForwardState state, ModelWeights weights) : RowStage(state)
{
    public override void Run(int chunk, int worker) => PrepareInput(chunk, weights.OutputNorm, State.Input);
}
