using Engine.Gguf;

namespace Engine.Transformer.Architectures;

/// <summary>Which layers keep the sliding window and which see everything.</summary>
internal static class WindowPattern
{
    /// <summary>Every <paramref name="period"/>-th layer (the last of each run) sees everything, unless the file has
    /// its own pattern: <c>attention.sliding_window_pattern</c>, a period or a flag per layer.</summary>
    public static void Apply(ConfigReader reader, ModelConfig config, int period)
    {
        string key = reader.Key("attention.sliding_window_pattern");
        if (reader.Metadata.TryGetType(key, out GgufValueType type, out GgufValueType element, out _)
            && type == GgufValueType.Array && element == GgufValueType.Boolean)
        {
            bool[] windowed = reader.Metadata.GetBooleanArray(key) ?? [];
            if (windowed.Length != config.Layers.Length)
                throw new ModelFormatException(
                    $"{key}: expected {config.Layers.Length} values, one a layer, found {windowed.Length}");
            for (int layer = 0; layer < windowed.Length; layer++)
                if (!windowed[layer]) config.Layers[layer].Window = 0;
            return;
        }

        period = reader.Size("attention.sliding_window_pattern", period);
        for (int layer = period - 1; layer < config.Layers.Length; layer += period) config.Layers[layer].Window = 0;
    }
}
