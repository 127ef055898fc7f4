using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Hyperplanes through the origin, transposed for the kernel: [dimension][<see cref="Width"/>], zeros beyond
/// those that there are.</summary>
internal sealed unsafe class HyperPlanes : IDisposable
{
    /// <summary>Floats of a row of hyperplanes and of a row of projections: the widest vector.</summary>
    public const int Width = 16;

    private readonly AlignedBuffer<float> planes;

    /// <summary>Takes given hyperplanes, [count][dimension].</summary>
    public HyperPlanes(ReadOnlySpan<float> given, int count, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, HyperSettings.LargestHyperplanes);
        Count = count;
        Dimension = dimension;
        planes = new AlignedBuffer<float>((nint)dimension * Width);
        for (int plane = 0; plane < count; plane++)
        {
            for (int k = 0; k < dimension; k++)
                planes.Pointer[(k * Width) + plane] = given[(plane * dimension) + k];
        }
    }

    /// <summary>Draws gaussian hyperplanes.</summary>
    public HyperPlanes(int count, int dimension, ulong seed) : this(Draw(count, dimension, seed), count, dimension)
    {
    }

    public int Count { get; }

    public int Dimension { get; }

    public float* Pointer => planes.Pointer;

    /// <summary>The rank of a row from its projections: the inverse Gray code of the signs, so that ranks next to each
    /// other differ in one sign.</summary>
    public static byte Rank(float* projections, float* thresholds, int count)
    {
        int code = 0;
        for (int plane = 0; plane < count; plane++) code |= (projections[plane] > thresholds[plane] ? 1 : 0) << plane;
        code ^= code >> 1;
        code ^= code >> 2;
        code ^= code >> 4;
        return (byte)code;
    }

    public void Dispose() => planes.Dispose();

    private static float[] Draw(int count, int dimension, ulong seed)
    {
        var drawn = new float[count * dimension];
        ulong key = HyperRandom.Key(seed, -1, dimension);
        for (int i = 0; i < drawn.Length; i++) drawn[i] = (float)HyperRandom.Gaussian(key, i);
        return drawn;
    }
}
