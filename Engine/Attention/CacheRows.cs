using System.Runtime.InteropServices;
using Engine.Cache;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>Rows of a ring: how long they are and how they are written. Rows are padded with zeros to whole blocks of
/// 32 elements, in every type, so that vectors may read past the head dimension.</summary>
internal static unsafe class CacheRows
{
    public const int BlockElements = 32;

    /// <summary>Bytes of a Q8_0 block: a binary16 scale and 32 int8.</summary>
    public const int Q8BlockBytes = sizeof(ushort) + BlockElements;

    /// <summary><paramref name="dimension"/> rounded up to whole blocks.</summary>
    public static int PaddedElements(int dimension) => (dimension + BlockElements - 1) / BlockElements * BlockElements;

    /// <summary>Bytes of one key or value row of <paramref name="dimension"/> elements, padding included.</summary>
    public static int RowBytes(CacheType type, int dimension) => PaddedElements(dimension) * BytesPerBlock(type)
        / BlockElements;

    /// <summary>Writes <paramref name="n"/> floats as one row of <paramref name="paddedElements"/> elements.</summary>
    public static void Write(VectorKernels kernels, CacheType type, float* x, int n, byte* destination,
        int paddedElements)
    {
        switch (type)
        {
            case CacheType.F32:
                NativeMemory.Copy(x, destination, (nuint)n * sizeof(float));
                NativeMemory.Clear((float*)destination + n, (nuint)(paddedElements - n) * sizeof(float));
                break;
            case CacheType.F16:
                kernels.ToHalf(x, (ushort*)destination, n);
                NativeMemory.Clear((ushort*)destination + n, (nuint)(paddedElements - n) * sizeof(ushort));
                break;
            case CacheType.Q8_0:
                kernels.QuantizeQ8_0Row(x, destination, n);
                int written = PaddedElements(n);
                NativeMemory.Clear(destination + (written / BlockElements * Q8BlockBytes),
                    (nuint)((paddedElements - written) / BlockElements * Q8BlockBytes));
                break;
            default:
                throw new NotSupportedException($"cache type {type}");
        }
    }

    /// <summary>Reads the first <paramref name="n"/> elements of a row, as attention reads them.</summary>
    public static void Read(VectorKernels kernels, CacheType type, byte* row, float* x, int n)
    {
        switch (type)
        {
            case CacheType.F32: NativeMemory.Copy(row, x, (nuint)n * sizeof(float)); break;
            case CacheType.F16: kernels.FromFiniteHalf((ushort*)row, x, n); break;
            case CacheType.Q8_0: kernels.DequantizeQ8_0Row(row, x, n); break;
            default: throw new NotSupportedException($"cache type {type}");
        }
    }

    private static int BytesPerBlock(CacheType type) => type switch
    {
        CacheType.F32 => BlockElements * sizeof(float),
        CacheType.F16 => BlockElements * sizeof(ushort),
        CacheType.Q8_0 => Q8BlockBytes,
        _ => throw new NotSupportedException($"cache type {type}"),
    };
}
