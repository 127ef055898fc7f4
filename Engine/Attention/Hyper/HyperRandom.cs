namespace Engine.Attention.Hyper;

/// <summary>Numbers that depend on a key and a counter alone, so that whoever needs one computes it: no state, no order
/// of threads.</summary>
/// <remarks>The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over key + counter · 2^64/φ, its sequence.</remarks>
internal static class HyperRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>A key that differs where any part does.</summary>
    public static ulong Key(ulong seed, int a, int b) =>
        Mix(Mix(seed + Golden) + ((ulong)(uint)a << 32 | (uint)b) + Golden);

    /// <summary>A number in [0, 1).</summary>
    public static double Uniform(ulong key, int counter) =>
        (Mix(key + ((ulong)(uint)counter + 1) * Golden) >> 11) * (1.0 / (1L << 53));

    /// <summary>A normal number (Box–Muller).</summary>
    public static double Gaussian(ulong key, int counter) =>
        Math.Sqrt(-2 * Math.Log(1 - Uniform(key, 2 * counter)))
        * Math.Cos(2 * Math.PI * Uniform(key, (2 * counter) + 1));

    private static ulong Mix(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
