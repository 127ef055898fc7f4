using Engine.Cache;
using Engine.Kernels;

namespace Engine.Transformer.Architectures;

/// <summary>A family of models: completes what the metadata says with what only its name implies.</summary>
/// <remarks>The base class reads every key that has one meaning everywhere; a family overrides what differs.</remarks>
internal abstract class Architecture
{
    /// <summary>Names in <c>general.architecture</c>.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Reads the configuration.</summary>
    /// <exception cref="ModelFormatException">A key is missing, of another type, or contradicts another.</exception>
    public ModelConfig Read(ConfigReader reader)
    {
        ModelConfig config = ReadSizes(reader);
        config.AttentionSoftCap = reader.NotNegative("attn_logit_softcapping", 0);
        config.LogitSoftCap = reader.NotNegative("final_logit_softcapping", 0);
        config.AttentionScale = reader.Single("attention.scale", 0);
        if (config.AttentionScale == 0) config.AttentionScale = 1 / MathF.Sqrt(config.KeyDimension);
        RefuseExperts(reader);
        ReadRope(reader, config);
        int window = reader.Count("attention.sliding_window", 0);
        foreach (LayerConfig layer in config.Layers) layer.Window = window;
        if (window > 0) WindowPattern.ApplyStated(reader, config);
        Complete(reader, config);
        config.NormEpsilon = ReadEpsilon(reader, config.Norm);
        config.Sharing = ReadSharing(reader, config);
        CheckGroups(config);
        return config;
    }

    /// <summary>Sets what the family has beyond the common keys.</summary>
    protected abstract void Complete(ConfigReader reader, ModelConfig config);

    /// <summary>RoPE variant 0: base, scaling and magnitude from the common keys.</summary>
    protected static RopeParameters CommonRope(ConfigReader reader, ModelConfig config, float defaultBase = 10000)
    {
        string type = reader.Metadata.GetString(reader.Key("rope.scaling.type"), null) ?? "";
        string factorKey = reader.Has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
        float factor = reader.Positive(factorKey, 1);
        RopeScaling scaling = type switch
        {
            "none" or "longrope" => RopeScaling.None,
            // Files of before the type key have the factor alone.
            "" or "linear" => factor == 1 ? RopeScaling.None : RopeScaling.Linear,
            "yarn" => RopeScaling.Yarn,
            _ => throw new ModelFormatException(
                $"{reader.Key("rope.scaling.type")}: expected none, linear, yarn or longrope, found \"{type}\""),
        };
        string magnitude = scaling == RopeScaling.Yarn ? "rope.scaling.yarn_attn_factor" : "rope.scaling.attn_factor";
        return new RopeParameters
        {
            Base = reader.Positive("rope.freq_base", defaultBase),
            Scaling = scaling,
            Factor = factor,
            OriginalContext = reader.Size("rope.scaling.original_context_length", config.TrainedContext),
            Magnitude = reader.Has(magnitude) ? reader.Positive(magnitude, 1) : null,
            BetaFast = reader.Positive("rope.scaling.yarn_beta_fast", 32),
            BetaSlow = reader.Positive("rope.scaling.yarn_beta_slow", 1),
        };
    }

    /// <summary>The key of the family's norm; of the other one, where the file has only that.</summary>
    private static float ReadEpsilon(ConfigReader reader, NormKind norm)
    {
        const string Rms = "attention.layer_norm_rms_epsilon", Layer = "attention.layer_norm_epsilon";
        (string own, string other) = norm == NormKind.Rms ? (Rms, Layer) : (Layer, Rms);
        return reader.Positive(reader.Has(own) ? own : other, 1e-5f);
    }

    private static ModelConfig ReadSizes(ConfigReader reader)
    {
        int layers = reader.Size("block_count");
        if (layers > 4096)
            throw new ModelFormatException($"{reader.Key("block_count")}: expected 1 … 4096, found {layers}");
        int embedding = reader.Size("embedding_length");
        int[] heads = reader.PerLayer("attention.head_count", layers)
            ?? throw new ModelFormatException($"{reader.Key("attention.head_count")}: required, but absent");
        int[] kvHeads = reader.PerLayer("attention.head_count_kv", layers) ?? heads;
        int[] feedForward = reader.PerLayer("feed_forward_length", layers)
            ?? throw new ModelFormatException($"{reader.Key("feed_forward_length")}: required, but absent");
        if (!reader.Has("attention.key_length") && embedding % heads[0] != 0)
            throw new ModelFormatException(
                $"{reader.Key("embedding_length")}: expected a multiple of the {heads[0]} heads, found {embedding}");
        int keyDimension = reader.Size("attention.key_length", embedding / heads[0]);
        for (int layer = 0; layer < layers; layer++)
            if (heads[layer] % kvHeads[layer] != 0)
                throw new ModelFormatException(
                    $"{reader.Key("attention.head_count_kv")}: layer {layer}: expected a divisor of the {heads[layer]} "
                    + $"query heads, found {kvHeads[layer]}");
        int valueDimension = reader.Size("attention.value_length", reader.Has("attention.key_length")
            ? keyDimension : embedding / heads[0]);
        CheckWidths(reader, embedding, heads, feedForward, keyDimension, valueDimension);
        return new ModelConfig
        {
            Architecture = reader.Architecture,
            Embedding = embedding,
            TrainedContext = reader.Size("context_length"),
            KeyDimension = keyDimension,
            ValueDimension = valueDimension,
            Layers = [.. Enumerable.Range(0, layers).Select(layer => new LayerConfig
            {
                Heads = heads[layer],
                KvHeads = kvHeads[layer],
                FeedForward = feedForward[layer],
            })],
        };
    }

    /// <summary>Products of sizes must stay inside int, and rows inside the scratch of kernels.</summary>
    private static void CheckWidths(ConfigReader reader, int embedding, int[] heads, int[] feedForward,
        int keyDimension, int valueDimension)
    {
        const int LargestHead = 1024;
        const int LargestWidth = LinearKernel.LargestColumns;
        Check("attention.key_length", keyDimension, LargestHead);
        Check("attention.value_length", valueDimension, LargestHead);
        Check("embedding_length", embedding, LargestWidth);
        foreach (int width in feedForward) Check("feed_forward_length", width, LargestWidth);
        foreach (int count in heads)
            Check("attention.head_count", count, LargestWidth / Math.Max(keyDimension, valueDimension));

        void Check(string name, int found, int largest)
        {
            if (found > largest)
                throw new ModelFormatException($"{reader.Key(name)}: expected at most {largest}, found {found}");
        }
    }

    private static void ReadRope(ConfigReader reader, ModelConfig config)
    {
        config.RopeDimensions = reader.Count("rope.dimension_count", config.KeyDimension & ~1);
        if (config.RopeDimensions > config.KeyDimension || config.RopeDimensions % 2 != 0)
            throw new ModelFormatException(
                $"{reader.Key("rope.dimension_count")}: expected an even number up to the head dimension "
                + $"{config.KeyDimension}, found {config.RopeDimensions}");
        config.Ropes.Add(CommonRope(reader, config));
    }

    private static void RefuseExperts(ConfigReader reader)
    {
        int experts = reader.Count("expert_count", 0);
        if (experts > 0)
            throw new ModelFormatException(
                $"{reader.Key("expert_count")}: expected 0, found {experts}: mixtures of experts are not "
                + "supported yet");
    }

    private static SharingMap ReadSharing(ConfigReader reader, ModelConfig config)
    {
        int layers = config.Layers.Length;
        const string MapKey = "attention.kv_layer_map";
        if (reader.Has(MapKey))
        {
            uint[] map = reader.Metadata.GetUInt32Array(reader.Key(MapKey)) ?? [];
            return SharingMap.FromMap(reader.Key(MapKey), map, layers);
        }

        const string FactorKey = "attention.cla_share_factor";
        int factor = reader.Count(FactorKey, 0);
        if (factor > 1) return SharingMap.FromFactor(reader.Key(FactorKey), factor, layers);
        const string TrailingKey = "attention.shared_kv_layers";
        int trailing = reader.Count(TrailingKey, 0);
        return trailing > 0
            ? SharingMap.FromTrailing(reader.Key(TrailingKey), trailing,
                [.. config.Layers.Select(layer => layer.Window)])
            : SharingMap.None(layers);
    }

    /// <summary>A borrower must read what its owner wrote: equal heads, RoPE and window.</summary>
    private static void CheckGroups(ModelConfig config)
    {
        for (int layer = 0; layer < config.Layers.Length; layer++)
        {
            int owner = config.Sharing.Owner(layer);
            LayerConfig own = config.Layers[owner], borrower = config.Layers[layer];
            (string what, int expected, int found)[] pairs =
            [
                ("key/value heads", own.KvHeads, borrower.KvHeads), ("window", own.Window, borrower.Window),
                ("RoPE", own.Rope, borrower.Rope),
            ];
            foreach ((string what, int expected, int found) in pairs)
                if (expected != found)
                    throw new ModelFormatException(
                        $"{config.Sharing.Source}: layer {layer} reads the cache of layer {owner} but differs in "
                        + $"{what}: expected {expected}, found {found}");
        }
    }
}
