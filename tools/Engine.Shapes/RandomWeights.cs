using Engine.Formats;

namespace Engine.Shapes;

/// <summary>Random matrices of one type and scale: a pool of blocks is encoded once, and every matrix is a random
/// sequence of them.</summary>
/// <remarks>A kernel's speed does not depend on the values, so that blocks may repeat; encoding a billion weights would
/// take minutes, choosing among encoded ones takes seconds.</remarks>
internal sealed class RandomWeights
{
    /// <summary>Elements of a piece of the pool: whole blocks of every format, and rows are whole pieces.</summary>
    private const int SmallPiece = 32;

    private const int PoolElements = 1 << 18;
    private readonly byte[] pool;
    private readonly int pieceBytes;
    private readonly int pieceElements;

    /// <param name="type">Type of the matrices.</param>
    /// <param name="deviation">Standard deviation of the weights.</param>
    /// <param name="seed">Start of the random sequence.</param>
    public RandomWeights(WeightType type, float deviation, ulong seed)
    {
        WeightFormat format = WeightFormats.Get(type);
        pieceElements = Math.Max(SmallPiece, format.BlockElements);
        pieceBytes = (int)format.BytesOf(pieceElements);
        float[] values = new float[PoolElements];
        var random = new RandomSource(seed);
        for (int i = 0; i < values.Length; i++) values[i] = deviation * random.Normal();
        pool = new byte[format.BytesOf(PoolElements)];
        format.Encode(values, pool);
    }

    /// <summary>Writes a matrix.</summary>
    /// <param name="stream">Receives the blocks.</param>
    /// <param name="elements">A multiple of 32, and of the format's block.</param>
    /// <param name="seed">Chooses the blocks.</param>
    public void Write(Stream stream, long elements, ulong seed)
    {
        byte[] buffer = new byte[pieceBytes * 4096];
        var random = new RandomSource(seed);
        int count = PoolElements / pieceElements;
        for (long left = elements / pieceElements; left > 0;)
        {
            int pieces = (int)Math.Min(left, buffer.Length / pieceBytes);
            Span<byte> target = buffer.AsSpan(0, pieces * pieceBytes);
            for (int i = 0; i < pieces; i++)
                pool.AsSpan(random.Below(count) * pieceBytes, pieceBytes).CopyTo(target[(i * pieceBytes)..]);
            stream.Write(target);
            left -= pieces;
        }
    }
}
