using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Memory;

namespace Engine.Kernels;

/// <summary>Kinds of data with which linear cells are checked.</summary>
internal enum LinearCaseKind
{
    /// <summary>Random quants under scales of one: every sum is a whole number that f32 holds.</summary>
    Integers,

    /// <summary>Random quants and scales.</summary>
    Random,

    /// <summary>Equal bytes against activations of ±127 with equal signs: the largest sums that can be.</summary>
    Extreme,
}

/// <summary>A weight matrix and quantised activations with exact products.</summary>
internal sealed unsafe class LinearCase : IDisposable
{
    private readonly AlignedBuffer<byte>? ownWeights;
    private readonly AlignedBuffer<float> values;
    private readonly AlignedBuffer<sbyte> quants32, quants256;
    private readonly AlignedBuffer<float> scales32, scales256;
    private readonly AlignedBuffer<short> sums32, sums256;
    private readonly AlignedBuffer<byte> scratch = new(LinearKernel.ScratchBytes);
    private readonly float[] decoded;
    private double[]? exact, magnitudes;
    private AlignedBuffer<byte>? tiles;
    private readonly int tokens;

    public LinearCase(WeightType type, LinearCaseKind kind, int rows, int columns, int tokens, int misalignment,
        Func<int, nint>? allocate, bool packed = false)
    {
        Kind = kind;
        this.tokens = tokens;
        WeightFormat format = WeightFormats.Get(type);
        int rowBytes = (int)format.BytesOf(columns);
        ownWeights = allocate is null ? new AlignedBuffer<byte>(misalignment + rows * rowBytes) : null;
        byte* data = allocate is null ? ownWeights!.Pointer + misalignment : (byte*)allocate(rows * rowBytes);
        Weights = new WeightView { Data = data, Rows = rows, Columns = columns, RowBytes = rowBytes, Type = type };
        var random = new Random(7 + (int)type + 100 * (int)kind);
        for (int i = 0; i < rows * rowBytes; i += format.BlockBytes)
            Fill(format, new Span<byte>(data + i, format.BlockBytes), random);
        decoded = new float[rows * columns];
        format.Decode(new ReadOnlySpan<byte>(data, rows * rowBytes), decoded);
        if (packed) Pack(type, data, rows, rowBytes);
        values = new(tokens * columns);
        (quants32, quants256) = (new(tokens * columns), new(tokens * columns));
        (scales32, scales256) = (new(tokens * columns / 32), new(tokens * columns / 32));
        (sums32, sums256) = (new(tokens * columns / 16), new(tokens * columns / 16));
        FillActivations(random, 32, quants32.Pointer, scales32.Pointer, sums32.Pointer);
        FillActivations(random, 256, quants256.Pointer, scales256.Pointer, sums256.Pointer);
        for (int i = 0; i < tokens * columns; i++)
            values.Pointer[i] = kind == LinearCaseKind.Random ? random.NextSingle() - 0.5f : quants32.Pointer[i];
    }

    public LinearCaseKind Kind { get; }

    public WeightView Weights { get; }

    /// <summary>output[token][row] of the first tokens, computed in parts of so many rows.</summary>
    public float[] Run(LinearKernel kernel, int count, int partRows)
    {
        float[] output = new float[count * Weights.Rows];
        output.AsSpan().Fill(float.NaN);
        Run(kernel, count, partRows, output);
        return output;
    }

    /// <summary>As the other, into memory of the caller and without allocating.</summary>
    public void Run(LinearKernel kernel, int count, int partRows, Span<float> output)
    {
        int groups = Weights.Columns / 32;
        var input = new ActivationView
        {
            Rows = count, Columns = Weights.Columns, Values = values.Pointer, ValueStride = Weights.Columns,
            Group32 = Rows(quants32, scales32, sums32, groups),
            Group256 = Rows(quants256, scales256, sums256, groups),
        };
        if (kernel.Tiles(count) is { } form) input.Tiles = Tiles(form, input);
        fixed (float* target = output)
        {
            for (int row = 0; row < Weights.Rows; row += partRows)
                kernel.Multiply(Weights, row, Math.Min(row + partRows, Weights.Rows), input, target, Weights.Rows,
                    scratch.Pointer);
        }
    }

    private byte* Tiles(TokenTiles form, in ActivationView input)
    {
        nint tileBytes = form.TileBytes(input.Columns), bytes = form.Count(tokens) * tileBytes;
        if (tiles is null || tiles.Count < bytes)
        {
            tiles?.Dispose();
            tiles = new AlignedBuffer<byte>(bytes);
        }

        for (int tile = 0; tile < form.Count(input.Rows); tile++)
            form.Write(input, tile, tiles.Pointer + tile * tileBytes);
        return tiles.Pointer;
    }

    /// <summary>The products of all tokens in double precision and the sums of the absolute values of their terms,
    /// [token][row].</summary>
    public (double[] Values, double[] Magnitudes) Reference(ActivationKinds input)
    {
        if (exact is not null) return (exact, magnitudes!);
        int columns = Weights.Columns, rows = Weights.Rows;
        (exact, magnitudes) = (new double[tokens * rows], new double[tokens * rows]);
        double[] a = new double[columns];
        for (int token = 0; token < tokens; token++)
        {
            for (int column = 0; column < columns; column++) a[column] = Activation(input, token, column);
            for (int row = 0; row < rows; row++)
            {
                (double value, double magnitude) = (0, 0);
                for (int column = 0; column < columns; column++)
                {
                    double term = a[column] * decoded[row * columns + column];
                    value += term;
                    magnitude += Math.Abs(term);
                }

                (exact[token * rows + row], magnitudes[token * rows + row]) = (value, magnitude);
            }
        }

        return (exact, magnitudes);
    }

    private double Activation(ActivationKinds input, int token, int column)
    {
        int i = token * Weights.Columns + column;
        int group = token * (Weights.Columns / 32);
        return input switch
        {
            ActivationKinds.Group32 => (double)scales32.Pointer[group + column / 32] * quants32.Pointer[i],
            ActivationKinds.Group256 => (double)scales256.Pointer[group + column / 256] * quants256.Pointer[i],
            _ => values.Pointer[i],
        };
    }

    public void Dispose()
    {
        foreach (SafeHandle? buffer in (SafeHandle?[])
            [ownWeights, values, quants32, quants256, scales32, scales256, sums32, sums256, scratch, tiles])
            buffer?.Dispose();
    }

    private static QuantizedRows Rows(
        AlignedBuffer<sbyte> quants, AlignedBuffer<float> scales, AlignedBuffer<short> sums, int groups) =>
        new()
        {
            Quants = quants.Pointer, QuantStride = groups * 32, Scales = scales.Pointer, ScaleStride = groups,
            Sums = sums.Pointer, SumStride = groups * 2,
        };

    private static void Pack(WeightType type, byte* data, int rows, int rowBytes)
    {
        int bytes = PackedLayout.Rows * rowBytes;
        byte[] copy = new byte[bytes];
        for (int row = 0; row + PackedLayout.Rows <= rows; row += PackedLayout.Rows)
        {
            var strip = new Span<byte>(data + row * rowBytes, bytes);
            strip.CopyTo(copy);
            PackedLayout.Find(type)!.Pack(copy, strip);
        }
    }

    private void Fill(WeightFormat format, Span<byte> block, Random random)
    {
        float[] probe = new float[format.BlockElements];
        while (true)
        {
            random.NextBytes(block);
            if (Kind == LinearCaseKind.Extreme) block.Fill((byte)(random.Next(2) * 255));
            if (Kind != LinearCaseKind.Random) SetScales(format.Type, block);
            format.Decode(block, probe);
            bool usable = true;
            foreach (float x in probe) usable &= Math.Abs(x) < 1e9f; // False for NaN, too.
            if (usable) return;
        }
    }

    private void FillActivations(Random random, int group, sbyte* quants, float* scales, short* sums)
    {
        int columns = Weights.Columns;
        for (int i = 0; i < tokens * columns; i++)
        {
            quants[i] = Kind == LinearCaseKind.Extreme
                ? (sbyte)(i / columns % 2 == 0 ? 127 : -127)
                : (sbyte)random.Next(-127, 128);
            sums[i / 16] += quants[i];
        }

        for (int i = 0; i < tokens * columns / 32; i++)
            scales[i] = Kind == LinearCaseKind.Integers ? 1 : random.NextSingle() * 0.1f;
    }

    /// <summary>Sets the block's f32 scales to one, where the format has any that the cells know.</summary>
    private static void SetScales(WeightType type, Span<byte> block)
    {
        (int first, int second) = type switch
        {
            WeightType.Q4_0 or WeightType.Q5_0 or WeightType.Q8_0 or WeightType.IQ4_NL or WeightType.IQ4_XS => (0, -1),
            WeightType.Q4_1 or WeightType.Q5_1 or WeightType.Q4_K or WeightType.Q5_K => (0, 2),
            WeightType.Q2_K => (80, 82),
            WeightType.Q3_K => (108, -1),
            WeightType.Q6_K => (208, -1),
            _ => (-1, -1),
        };
        if (type == WeightType.MXFP4) block[0] = 128; // 2^(128 − 127) over codebook values of halves.
        if (first >= 0) BinaryPrimitives.WriteUInt16LittleEndian(block[first..], 0x3C00);
        if (second >= 0) BinaryPrimitives.WriteUInt16LittleEndian(block[second..], 0x3C00);
    }
}
