using Engine.Attention.Hyper;
using Engine.Transformer;

namespace Engine;

/// <summary>From the options of a session to its approximate attention.</summary>
internal static class HyperOptions
{
    /// <summary>Part of the exact cost that a block must save by count of keys before <see cref="AttentionMode.Auto"/>
    /// approximates it: gathering and packing cost about as much as the rest of this.</summary>
    internal const float AutoSaving = 0.25f;

    /// <summary>Reserves what a sequence needs; null if nothing would be approximated.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static HyperSequence? Open(TransformerModel model, AttentionOptions options, int contextLength)
    {
        if (options.Mode == AttentionMode.Exact) return null;
        HyperSettings settings = Check(options);
        ModelConfig config = model.Config;
        HyperPolicy policy = options.Layers.Resolve(config);
        if (policy.Count == 0 || contextLength <= settings.Leaf) return null;
        var shapes = new HyperShape[config.Layers.Length];
        for (int layer = 0; layer < shapes.Length; layer++)
        {
            shapes[layer] = new HyperShape(config.Layers[layer].Heads, config.Layers[layer].KvHeads,
                config.Sharing.Group(layer), config.Sharing.Owner(layer));
        }

        return new HyperSequence(HyperAttention.For(model.Kernels.InstructionSet), settings, policy, shapes,
            config.KeyDimension, config.ValueDimension, contextLength, model.Threads)
        {
            LeastPosition = options.MinimumLength,
            LeastSaving = options.Mode == AttentionMode.Auto ? AutoSaving : float.NegativeInfinity,
        };
    }

    /// <summary>The options as settings.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static HyperSettings Check(AttentionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Block, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.Samples, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Block, 1 << 20, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Samples, 1 << 20, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.Sinks, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Leaf, 1 << 20, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MinimumLength, nameof(options));
        if (options.Leaf <= options.Sinks)
            throw new ArgumentOutOfRangeException(nameof(options),
                $"a leaf of {options.Leaf} must be longer than the {options.Sinks} sinks, as ranks are taken from what "
                + "lies between");
        int band = options.Band < 0 ? 1 : (int)(((long)options.Band + options.Leaf - 1) / options.Leaf);
        return new HyperSettings
        {
            Block = options.Block,
            Samples = options.Samples,
            Leaf = options.Leaf,
            Sinks = options.Sinks,
            BandBlocks = band,
            Seed = options.Seed,
        };
    }
}
