using Engine.Gguf;

namespace Engine.Transformer.Architectures;

/// <summary>Which layers keep the sliding window and which see everything.</summary>
internal static class WindowPattern
{
    /// <summary>The file's own pattern, in a family that has none of its own.</summary>
    public static void ApplyStated(ConfigReader reader, ModelConfig config)
    {
        if (reader.Has("attention.sliding_window_pattern")) Apply(reader, config, 0);
    }

    /// <summary>Every <paramref name="period"/>-th layer (the last of each run) sees everything, unless the file has
    /// its own pattern: <c>attention.sliding_window_pattern</c>, a period or a flag per layer.</summary>
    public static void Apply(ConfigReader reader, ModelConfig config, int period)
    {
        string key = reader.Key("attention.sliding_window_pattern");
        if (reader.Metadata.TryGetType(key, out GgufValueType type, out GgufValueType element, out _)
            && type == GgufValueType.Array)
        {
            bool[] windowed = (element == GgufValueType.Boolean ? reader.Metadata.GetBooleanArray(key)
                : reader.Metadata.GetUInt32Array(key)?.Select(flag => flag != 0).ToArray()) ?? [];
            if (windowed.Length != config.Layers.Length)
                throw new ModelFormatException(
                    $"{key}: expected {config.Layers.Length} values, one a layer, found {windowed.Length}");
            for (int layer = 0; layer < windowed.Length; layer++)
                if (!windowed[layer]) config.Layers[layer].Window = 0;
            return;
        }

        period = reader.Count("attention.sliding_window_pattern", period);
        if (period == 0) return;
        for (int layer = period - 1; (uint)layer < config.Layers.Length; layer += period)
            config.Layers[layer].Window = 0;
    }
}
