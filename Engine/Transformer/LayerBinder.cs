namespace Engine.Transformer;

/// <summary>Binds the tensors of one layer.</summary>
internal sealed unsafe class LayerBinder(TensorBinder tensors, ModelConfig config, int layer)
{
    private readonly LayerConfig shape = config.Layers[layer];

    public LayerWeights Bind()
    {
        bool owner = config.Sharing.IsOwner(layer);
        bool parallel = config.ParallelResidual ?? !tensors.Has(Name("ffn_norm.weight"));
        (Linear query, Linear? key, Linear? value) = Projections(owner);
        (Linear? gate, Linear up) = FeedForward();
        var weights = new LayerWeights
        {
            Config = shape,
            Group = config.Sharing.Group(layer),
            Parallel = parallel,
            Query = query,
            Key = key,
            Value = value,
            Output = tensors.Linear(Name("attn_output"), config.Embedding, shape.Heads * config.ValueDimension),
            Gate = gate,
            Up = up,
            Down = tensors.Linear(Name("ffn_down"), config.Embedding, shape.FeedForward),
        };
        BindNorms(weights, owner, parallel);
        return weights;
    }

    private string Name(string part) => $"blk.{layer}.{part}";

    private (Linear Query, Linear? Key, Linear? Value) Projections(bool owner)
    {
        int queryRows = shape.Heads * config.KeyDimension;
        int keyRows = shape.KvHeads * config.KeyDimension;
        int valueRows = shape.KvHeads * config.ValueDimension;
        if (tensors.Has(Name("attn_qkv.weight")))
        {
            // A borrower's may hold its queries alone.
            if (!owner && tensors.ElementCount(Name("attn_qkv.weight")) == (long)queryRows * config.Embedding)
                return (tensors.Linear(Name("attn_qkv"), queryRows, config.Embedding), null, null);
            Linear fused = tensors.Linear(Name("attn_qkv"), queryRows + keyRows + valueRows, config.Embedding);
            Linear q = fused.Part(0, queryRows);
            return owner
                ? (q, fused.Part(queryRows, keyRows), fused.Part(queryRows + keyRows, valueRows))
                : (q, null, null);
        }

        Linear query = tensors.Linear(Name("attn_q"), queryRows, config.Embedding);
        if (owner)
            return (query, tensors.Linear(Name("attn_k"), keyRows, config.Embedding),
                tensors.Linear(Name("attn_v"), valueRows, config.Embedding));
        // Files of models with shared caches may still hold what a borrower does not use.
        foreach (string part in new[] { "attn_k", "attn_v", "attn_k_norm", "attn_kv_norm" })
        {
            tensors.Ignore(Name(part + ".weight"));
            tensors.Ignore(Name(part + ".bias"));
        }

        return (query, null, null);
    }

    private (Linear? Gate, Linear Up) FeedForward()
    {
        if (!config.Gated) return (null, tensors.Linear(Name("ffn_up"), shape.FeedForward, config.Embedding));
        if (tensors.Has(Name("ffn_gate.weight")))
            return (tensors.Linear(Name("ffn_gate"), shape.FeedForward, config.Embedding),
                tensors.Linear(Name("ffn_up"), shape.FeedForward, config.Embedding));
        // Fused: the gate's rows come first.
        Linear fused = tensors.Linear(Name("ffn_up"), 2 * shape.FeedForward, config.Embedding);
        return (fused.Part(0, shape.FeedForward), fused.Part(shape.FeedForward, shape.FeedForward));
    }

    private void BindNorms(LayerWeights weights, bool owner, bool parallel)
    {
        if (config.PreNorms)
        {
            weights.AttentionNorm = Norm("attn_norm");
            if (!parallel) weights.FeedForwardNorm = Norm("ffn_norm");
        }

        if (owner && tensors.Has(Name("attn_kv_norm.weight"))) weights.KvNorm = Norm("attn_kv_norm");
        if (config.PostNorms)
        {
            weights.PostAttentionNorm = Norm("post_attention_norm");
            weights.PostFeedForwardNorm = Norm("post_ffw_norm");
        }

        weights.QueryNorm = Heads("attn_q_norm", shape.Heads);
        if (owner) weights.KeyNorm = Heads("attn_k_norm", shape.KvHeads);
    }

    private NormWeights Norm(string part) => new()
    {
        Weight = tensors.Vector(Name(part + ".weight"), config.Embedding),
        Bias = config.Norm == NormKind.Layer ? tensors.OptionalVector(Name(part + ".bias"), config.Embedding) : null,
    };

    private NormWeights Heads(string part, int heads)
    {
        string name = Name(part + ".weight");
        if (config.HeadNorm == HeadNorm.None || (config.HeadNormOptional && !tensors.Has(name))) return default;
        int count = config.HeadNorm == HeadNorm.RmsPerHead ? config.KeyDimension : heads * config.KeyDimension;
        return new NormWeights { Weight = tensors.Vector(name, count) };
    }
}
