using Engine.Formats;

namespace Engine.Gguf;

/// <summary>Sizes of everything that a tensor can consist of, weights or not.</summary>
internal static class GgufTensorTypes
{
    /// <summary>Elements and bytes of a block of the type; false for ids that were removed or are not known.</summary>
    public static bool TryGetBlock(WeightType type, out int elements, out int bytes)
    {
        if (WeightFormats.TryGet(type, out WeightFormat? format))
        {
            (elements, bytes) = (format.BlockElements, format.BlockBytes);
            return true;
        }

        // No weights come in these, but a file may carry such tables beside the weights.
        (elements, bytes) = type switch
        {
            WeightType.I8 => (1, 1),
            WeightType.I16 => (1, 2),
            WeightType.I32 => (1, 4),
            WeightType.I64 or WeightType.F64 => (1, 8),
            WeightType.Q8_1 => (32, 36),
            WeightType.Q8_K => (256, 292),
            _ => (0, 0),
        };
        return elements > 0;
    }
}
