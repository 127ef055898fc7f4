using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Transformer;

namespace Engine;

/// <summary>The options of approximate attention in a saved session: block, samples, leaf, sinks, band in blocks, least
/// position, whether only where it saves, seed; of each layer its heads, and whether each is approximated.</summary>
internal static class SavedAttention
{
    private const int Largest = 1 << 20;

    public static void Write(SessionFileWriter writer, HyperSequence hyper)
    {
        HyperSettings settings = hyper.Settings;
        foreach (int number in (int[])
            [
                settings.Block, settings.Samples, settings.Leaf, settings.Sinks, settings.BandBlocks,
                hyper.LeastPosition, float.IsNegativeInfinity(hyper.LeastSaving) ? 0 : 1,
            ])
            writer.Int32(number);
        writer.UInt64(settings.Seed);
        for (int layer = 0; layer < hyper.Policy.Layers; layer++)
        {
            var heads = new byte[hyper.Policy.Heads(layer)];
            for (int head = 0; head < heads.Length; head++)
                heads[head] = (byte)(hyper.Policy.Approximates(layer, head) ? 1 : 0);
            writer.Int32(heads.Length);
            writer.Bytes(heads);
        }
    }

    /// <summary>Reads the options, as those of a session of the model.</summary>
    /// <exception cref="InvalidDataException">They are none.</exception>
    public static AttentionOptions Read(SessionFileReader reader, ModelConfig config)
    {
        int block = reader.Int32("attention: block", 1, Largest);
        int samples = reader.Int32("attention: samples", 0, Largest);
        int leaf = reader.Int32("attention: leaf", 1, Largest);
        int sinks = reader.Int32("attention: sinks", 0, leaf - 1);
        int band = reader.Int32("attention: band in blocks", 0, int.MaxValue / leaf);
        int least = reader.Int32("attention: least position", 0, int.MaxValue);
        bool saves = reader.Int32("attention: where it saves", 0, 1) == 1;
        ulong seed = reader.UInt64();
        var heads = new bool[config.Layers.Length][];
        for (int layer = 0; layer < heads.Length; layer++)
        {
            reader.Expect($"attention: heads of layer {layer}", config.Layers[layer].Heads);
            var chosen = new byte[config.Layers[layer].Heads];
            reader.Bytes(chosen);
            heads[layer] = Array.ConvertAll(chosen, one => one != 0);
        }

        return new AttentionOptions
        {
            Mode = saves ? AttentionMode.Auto : AttentionMode.Hyper,
            Block = block,
            Samples = samples,
            Leaf = leaf,
            Sinks = sinks,
            Band = band * leaf,
            MinimumLength = least,
            Seed = seed,
            Layers = AttentionLayers.Saved(new HyperPolicy(heads)),
        };
    }
}
