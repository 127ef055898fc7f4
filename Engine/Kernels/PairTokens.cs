namespace Engine.Kernels;

/// <summary>Brings a token into the form in which matrix-vector loops over blocks of 32 read it, a pair of blocks at a
/// time: 64 quants (elements 0–15 of both blocks, then 16–31), four times the scale of each, then a correction and
/// three zeros for each.</summary>
/// <remarks>Made once a step: workers and layers that share an input would each make it again. A block without a
/// partner gets one of zeros.</remarks>
/// <param name="offset">What weights are raised by in the dot product: corrections are −offset · scale · Σa.</param>
/// <param name="hasMinimum">True if corrections are scale · Σa instead.</param>
internal sealed unsafe class PairTokens(int offset, bool hasMinimum) : TokenTiles(new TileForm(
    ActivationKinds.Group32, 32, 1, 0, offset, hasMinimum ? TileMinimums.Scaled : TileMinimums.None))
{
    /// <summary>Bytes of a pair.</summary>
    public const int PairBytes = 128;

    public override int RowsPerTile => 1;

    public override nint TileBytes(int columns) => (nint)(columns / 32 + 1) / 2 * PairBytes;

    public override void Write(in ActivationView input, int tile, byte* target)
    {
        QuantizedRows rows = input.Group32;
        sbyte* quants = rows.Quants + tile * rows.QuantStride;
        float* scales = rows.Scales + tile * rows.ScaleStride;
        short* sums = rows.Sums + tile * rows.SumStride;
        int blocks = input.Columns / 32;
        if (blocks % 2 != 0) new Span<byte>(target + blocks / 2 * PairBytes, PairBytes).Clear();
        int factor = Form.Minimums == TileMinimums.Scaled ? 1 : -Form.Offset;
        for (int block = 0; block < blocks; block++)
        {
            byte* pair = target + block / 2 * PairBytes + 16 * (block & 1);
            long* from = (long*)(quants + 32 * block), to = (long*)pair;
            (to[0], to[1], to[4], to[5]) = (from[0], from[1], from[2], from[3]);
            float* s = (float*)(pair + 64), c = (float*)(pair + 96);
            s[0] = s[1] = s[2] = s[3] = scales[block];
            c[0] = factor * (sums[2 * block] + sums[2 * block + 1]) * scales[block];
            c[1] = c[2] = c[3] = 0;
        }
    }
}
