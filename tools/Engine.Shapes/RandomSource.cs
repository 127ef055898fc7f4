namespace Engine.Shapes;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the same numbers from a seed on every platform and .NET version.
/// </summary>
internal struct RandomSource(ulong seed)
{
    private ulong state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>A whole number below <paramref name="limit"/>.</summary>
    public int Below(int limit) => (int)((Next() >> 32) * (ulong)limit >> 32);

    /// <summary>A sample of the normal distribution with deviation 1, by Box and Muller.</summary>
    public float Normal()
    {
        // 53 bits, and never 0, whose logarithm is infinite.
        double radius = ((Next() >> 11) + 1) * (1.0 / (1L << 53));
        double angle = (Next() >> 11) * (2 * Math.PI / (1L << 53));
        return (float)(Math.Sqrt(-2 * Math.Log(radius)) * Math.Cos(angle));
    }
}
