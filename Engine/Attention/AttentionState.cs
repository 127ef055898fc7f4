namespace Engine.Attention;

/// <summary>What is known of a query after some of its slots: the sum of the values weighted by 2^(score − largest),
/// then the largest score (base 2) and the sum of the weights.</summary>
internal static class AttentionState
{
    /// <summary>Floats of one state.</summary>
    public static int Floats(int valueDimension) => CacheRows.PaddedElements(valueDimension) + 16;

    /// <summary>Where the largest score stands.</summary>
    public static int Largest(int valueDimension) => CacheRows.PaddedElements(valueDimension);

    /// <summary>Where the sum of the weights stands.</summary>
    public static int Total(int valueDimension) => CacheRows.PaddedElements(valueDimension) + 1;
}
