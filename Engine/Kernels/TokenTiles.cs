using Engine.Isa;

namespace Engine.Kernels;

/// <summary>What multiplies the minimums of a group.</summary>
internal enum TileMinimums
{
    /// <summary>The format has none.</summary>
    None,

    /// <summary>scale · Σa of the group, f32.</summary>
    Scaled,

    /// <summary>Pairs of Σa over 16 elements each, 16 bits.</summary>
    Pairs16,

    /// <summary>Pairs of Σa over 32 elements each, 16 bits.</summary>
    Pairs32,
}

/// <summary>The form in which tiles of one kernel read tokens; equal forms on one instruction set are equal bytes, so
/// layers that share an input share its tiles.</summary>
/// <param name="Input">The quantised rows that it is made of.</param>
/// <param name="GroupElements">Elements under one scale.</param>
/// <param name="ElementBytes">Bytes of a quant: 1 or 2.</param>
/// <param name="SegmentQuads">Quads under one start.</param>
/// <param name="Offset">Offset of the weights that starts take off; 0 = there are no starts.</param>
/// <param name="Minimums">What multiplies minimums.</param>
internal readonly record struct TileForm(
    ActivationKinds Input, int GroupElements, int ElementBytes, int SegmentQuads, int Offset, TileMinimums Minimums)
{
    /// <summary>Words of 32 bits that a token brings to a group besides its quants.</summary>
    public int Words => Starts + Sums + 1;

    /// <summary>Segments that have a start.</summary>
    public int Starts => Offset != 0 ? GroupElements / 4 / SegmentQuads : 0;

    /// <summary>Words for minimums.</summary>
    public int Sums => Minimums switch
    {
        TileMinimums.None => 0,
        TileMinimums.Scaled => 1,
        TileMinimums.Pairs16 => GroupElements / 32,
        _ => GroupElements / 64,
    };
}

/// <summary>Brings quantised rows into the order in which a kernel's loop reads them: one stream, made once a step and
/// shared by all workers and layers.</summary>
internal abstract unsafe class TokenTiles(TileForm form)
{
    public TileForm Form => form;

    /// <summary>Tokens in a tile.</summary>
    public abstract int RowsPerTile { get; }

    /// <summary>Bytes of one tile of rows of so many columns.</summary>
    public abstract nint TileBytes(int columns);

    /// <summary>Number of tiles of so many rows.</summary>
    public int Count(int rows) => (rows + RowsPerTile - 1) / RowsPerTile;

    /// <summary>True if the other writes the very same bytes.</summary>
    public bool IsLike(TokenTiles other) => RowsPerTile == other.RowsPerTile && form == other.Form;

    /// <summary>Writes one tile; the last row stands in for rows that are missing.</summary>
    /// <param name="input">Quantised rows.</param>
    /// <param name="tile">0-based tile.</param>
    /// <param name="target">Receives <see cref="TileBytes"/> bytes.</param>
    public abstract void Write(in ActivationView input, int tile, byte* target);
}

/// <summary>Four tokens for a register tile: [group], and in a group [quad][token] quants, [segment][token] starts,
/// [word][token] sums for minimums, [token] scales.</summary>
/// <remarks>Four rows side by side, a power of two apart, would fall into the same sets of the first-level cache.
/// </remarks>
internal sealed unsafe class FourTokens<TTile, TW, TA, TI, TF>(TileForm form) : TokenTiles(form)
    where TTile : struct, ITileWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
{
    public const int Tokens = 4;

    public override int RowsPerTile => Tokens;

    public override nint TileBytes(int columns) =>
        (nint)(columns / Form.GroupElements) * (Tokens * (Form.GroupElements * Form.ElementBytes + 4 * Form.Words));

    public override void Write(in ActivationView input, int tile, byte* target)
    {
        QuantizedRows rows = Form.Input == ActivationKinds.Group32 ? input.Group32 : input.Group256;
        int groups = input.Columns / Form.GroupElements;
        for (int token = 0; token < Tokens; token++)
        {
            int row = Math.Min(Tokens * tile + token, input.Rows - 1);
            sbyte* quants = rows.Quants + row * rows.QuantStride;
            float* scales = rows.Scales + row * rows.ScaleStride;
            short* sums = rows.Sums + row * rows.SumStride;
            int* words = (int*)target + token;
            for (int group = 0; group < groups; group++)
            {
                words = Group(quants, scales[group], sums, words);
                quants += Form.GroupElements;
                sums += Form.GroupElements / 16;
            }
        }
    }

    private int* Group(sbyte* quants, float scale, short* sums, int* words)
    {
        if (Form.ElementBytes == 1)
            for (int quad = 0; quad < Form.GroupElements / 4; quad++, words += Tokens) *words = ((int*)quants)[quad];
        else
            for (int i = 0; i < Form.GroupElements; i += 2, words += Tokens)
                *words = (quants[i] & 0xFFFF) | (quants[i + 1] << 16);
        for (int segment = 0; segment < Form.Starts; segment++, words += Tokens)
            *words = TTile.StartWord(quants + 4 * Form.SegmentQuads * segment, Form.SegmentQuads, Form.Offset);
        if (Form.Minimums == TileMinimums.Scaled)
        {
            *(float*)words = (sums[0] + sums[1]) * scale;
            words += Tokens;
        }
        else
        {
            for (int pair = 0; pair < Form.Sums; pair++, words += Tokens)
                *words = Form.Minimums == TileMinimums.Pairs16 ? *(int*)(sums + 2 * pair)
                    : (ushort)(sums[4 * pair] + sums[4 * pair + 1]) | (sums[4 * pair + 2] + sums[4 * pair + 3]) << 16;
        }

        *(float*)words = scale;
        return words + Tokens;
    }
}
