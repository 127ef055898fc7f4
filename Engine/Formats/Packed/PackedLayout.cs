using System.Runtime.CompilerServices;

namespace Engine.Formats.Packed;

/// <summary>The packed layout of a matrix: strips of 16 rows whose fields lie side by side, in the order in which
/// kernels read them. docs/packing.md has it in full.</summary>
/// <remarks>A block is first brought to its packed form of the same size: quants, then bytes of integer scales, then
/// f32 scales; then each of these is transposed over the strip: 4 bytes of quants of all 16 rows beside each other,
/// one byte of integer scales, one scale. Two blocks share a chunk (scales of both, then quants of both), so that
/// quants lie on whole cache lines. Scales come first because they are read first: behind the quants of super-blocks
/// they lay pages ahead of the stream, where each read waited for memory (6–8 instead of 17 GB/s of 17). Rows beyond
/// the last whole strip stay in ordinary order behind the strips, so a tensor's size does not change, and the first row
/// of a strip begins where it would begin in ordinary order.</remarks>
internal sealed class PackedLayout
{
    /// <summary>Rows of a strip.</summary>
    public const int Rows = 16;

    /// <summary>Version of the layout that this engine writes, and the newest that it reads.</summary>
    public const uint Version = 1;

    /// <summary>Packed tensors have the id of their type plus this in a file: other programs know no such type and
    /// refuse the file.</summary>
    public const uint TypeBase = 0x1000;

    /// <summary>What every tensor of a packed file is aligned to.</summary>
    public const int Alignment = 64;

    /// <summary>Metadata key of the version.</summary>
    public const string VersionKey = "engine.pack.version";

    private const int ChunkBlocks = 2;
    private const int LargestBlock = 256;

    /// <summary>Byte i of the packed form is byte order[i] of the block.</summary>
    private readonly int[] order;
    private readonly IPackedBits? bits;

    private PackedLayout(WeightType type, int integerBytes, int scaleBytes, int[] order, IPackedBits? bits = null)
    {
        Format = WeightFormats.Get(type);
        IntegerBytes = integerBytes;
        ScaleBytes = scaleBytes;
        QuantBytes = Format.BlockBytes - integerBytes - scaleBytes;
        this.order = order;
        this.bits = bits;
    }

    public WeightFormat Format { get; }

    /// <summary>Bytes of a block's quants: a multiple of four.</summary>
    public int QuantBytes { get; }

    /// <summary>Bytes of a block's integer scales and minimums (of MXFP4, the exponent).</summary>
    public int IntegerBytes { get; }

    /// <summary>Bytes of a block's binary16 scales.</summary>
    public int ScaleBytes { get; }

    private static readonly PackedLayout?[] ByType = Build();

    /// <summary>The layout of a type; null if its tensors are never packed.</summary>
    public static PackedLayout? Find(WeightType type) => (uint)type < (uint)ByType.Length ? ByType[(int)type] : null;

    /// <summary>All layouts.</summary>
    public static IEnumerable<PackedLayout> All => ByType.Where(layout => layout is not null)!;

    /// <summary>Bytes from a strip's start to the quants of a block and to its scales.</summary>
    public static (long Quants, long Scales) Locate(int blocks, int block, int quantBytes, int blockBytes)
    {
        int first = block & -ChunkBlocks;
        int count = Math.Min(ChunkBlocks, blocks - first);
        long chunk = (long)first * Rows * blockBytes;
        int scaleBytes = blockBytes - quantBytes;
        long quants = chunk + count * Rows * scaleBytes + (block - first) * Rows * quantBytes;
        return (quants, chunk + (block - first) * Rows * scaleBytes);
    }

    /// <summary>Packs 16 rows that follow each other into a strip of the same size.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or are not 16 rows of whole blocks.</exception>
    /// <remarks>Optimised at once: a model that is packed while it loads does not wait for a second tier.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(ReadOnlySpan<byte> rows, Span<byte> strip)
    {
        int size = Format.BlockBytes, blocks = rows.Length / Rows / size;
        if (rows.Length != strip.Length || rows.Length != blocks * Rows * size)
            throw new ArgumentException($"{rows.Length} and {strip.Length} bytes are not {Rows} rows of {Format.Name}");
        Span<byte> packed = stackalloc byte[LargestBlock];
        packed = packed[..size];
        for (int block = 0; block < blocks; block++)
        {
            (long quants, long scales) = Locate(blocks, block, QuantBytes, size);
            for (int row = 0; row < Rows; row++)
            {
                ReadOnlySpan<byte> source = rows.Slice((row * blocks + block) * size, size);
                Reorder(source, packed);
                bits?.Pack(source, packed);
                Transpose(packed, strip, (int)quants, (int)scales, row);
            }
        }
    }

    /// <summary>Brings one block of one row of a strip back to its ordinary form.</summary>
    /// <param name="strip">The strip of 16 rows.</param>
    /// <param name="row">Row within the strip.</param>
    /// <param name="block">Block within the row.</param>
    /// <param name="target">Receives the block.</param>
    public void Unpack(ReadOnlySpan<byte> strip, int row, int block, Span<byte> target)
    {
        int size = Format.BlockBytes, blocks = strip.Length / Rows / size;
        Span<byte> packed = stackalloc byte[LargestBlock];
        packed = packed[..size];
        (long quants, long scales) = Locate(blocks, block, QuantBytes, size);
        for (int i = 0; i < QuantBytes; i += 4)
            strip.Slice((int)quants + i * Rows + 4 * row, 4).CopyTo(packed[i..]);
        for (int i = 0; i < IntegerBytes; i++) packed[QuantBytes + i] = strip[(int)scales + i * Rows + row];
        for (int i = IntegerBytes; i < IntegerBytes + ScaleBytes; i += 2)
            strip.Slice((int)scales + i * Rows + 2 * row, 2).CopyTo(packed[(QuantBytes + i)..]);
        for (int i = 0; i < size; i++) target[order[i]] = packed[i];
        bits?.Unpack(packed, target);
    }

    /// <summary>True if every f32 scale of these blocks is finite: packed kernels convert finite ones only.</summary>
    public bool HasFiniteScales(ReadOnlySpan<byte> rows)
    {
        int size = Format.BlockBytes, first = QuantBytes + IntegerBytes;
        for (int block = 0; block < rows.Length; block += size)
        {
            // The high byte of a binary16: its exponent is all ones.
            for (int i = first; i < size; i += 2)
                if ((rows[block + order[i] + 1] & 0x7C) == 0x7C) return false;
        }

        return true;
    }

    /// <summary>Brings the bytes of a block into packed order: quants lie in words of four bytes in every type.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Reorder(ReadOnlySpan<byte> block, Span<byte> packed)
    {
        fixed (byte* source = block, target = packed)
        fixed (int* from = order)
        {
            int i = 0;
            for (; i < QuantBytes; i += sizeof(uint)) *(uint*)(target + i) = *(uint*)(source + from[i]);
            for (; i < packed.Length; i++) target[i] = source[from[i]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Transpose(ReadOnlySpan<byte> packed, Span<byte> strip, int quants, int scales, int row)
    {
        fixed (byte* source = packed, target = strip)
        {
            for (int i = 0; i < QuantBytes; i += 4)
                *(uint*)(target + quants + i * Rows + 4 * row) = *(uint*)(source + i);
            byte* after = source + QuantBytes;
            for (int i = 0; i < IntegerBytes; i++) target[scales + i * Rows + row] = after[i];
            for (int i = IntegerBytes; i < IntegerBytes + ScaleBytes; i += 2)
                *(ushort*)(target + scales + i * Rows + 2 * row) = *(ushort*)(after + i);
        }
    }

    private static PackedLayout?[] Build()
    {
        // Ranges of the block in packed order, first byte and length: quants, integers, scales.
        PackedLayout[] layouts =
        [
            new(WeightType.Q4_0, 0, 2, Order((2, 16), (0, 2))),
            new(WeightType.Q4_1, 0, 4, Order((4, 16), (0, 4))),
            new(WeightType.Q5_0, 0, 2, Order((6, 16), (2, 4), (0, 2)), new FifthBits(2, 16)),
            new(WeightType.Q5_1, 0, 4, Order((8, 16), (4, 4), (0, 4)), new FifthBits(4, 16)),
            new(WeightType.Q8_0, 0, 2, Order((2, 32), (0, 2)), new RaisedBytes()),
            new(WeightType.IQ4_NL, 0, 2, Order((2, 16), (0, 2))),
            new(WeightType.MXFP4, 1, 0, Order((1, 16), (0, 1))),
            new(WeightType.Q2_K, 16, 4, Order((16, 64), (0, 16), (80, 4))),
            new(WeightType.Q3_K, 12, 2, [.. Q3_KQuants(), .. Order((96, 12), (108, 2))], new ThirdBits()),
            new(WeightType.Q4_K, 12, 4, Order((16, 128), (4, 12), (0, 4)), new SixBitScales(4, 128)),
            new(WeightType.Q5_K, 12, 4, [.. Q5_KQuants(), .. Order((4, 12), (0, 4))], new Q5_KBits()),
            new(WeightType.Q6_K, 16, 2, [.. Q6_KQuants(), .. Order((192, 16), (208, 2))]),
            new(WeightType.IQ4_XS, 6, 2, Order((8, 128), (2, 6), (0, 2))),
        ];
        var table = new PackedLayout?[layouts.Max(layout => (int)layout.Format.Type) + 1];
        foreach (PackedLayout layout in layouts) table[(int)layout.Format.Type] = layout;
        return table;
    }

    /// <summary>Bit pairs of two columns, then the word of their third bits.</summary>
    private static IEnumerable<int> Q3_KQuants()
    {
        for (int word = 0; word < 8; word++)
            foreach (int i in Order((Q3_KFormat.QuantsOffset + 8 * word, 8), (4 * word, 4))) yield return i;
    }

    /// <summary>Nibbles of a step's four columns, then the word of their fifth bits.</summary>
    private static IEnumerable<int> Q5_KQuants()
    {
        for (int step = 0; step < 8; step++)
            foreach (int i in Order(
                (Q5_KFormat.QuantsOffset + 16 * step, 16), (Q5_KFormat.HighBitsOffset + 4 * step, 4)))
                yield return i;
    }

    /// <summary>For each column nibbles, those 32 bytes further on, and the bit pairs above both.</summary>
    private static IEnumerable<int> Q6_KQuants()
    {
        for (int column = 0; column < 16; column++)
        {
            int nibbles = 64 * (column / 8) + 4 * (column % 8);
            foreach (int i in Order((nibbles, 4), (nibbles + 32, 4), (Q6_KFormat.HighBitsOffset + 4 * column, 4)))
                yield return i;
        }
    }

    private static int[] Order(params ReadOnlySpan<(int First, int Count)> ranges)
    {
        var order = new List<int>();
        foreach ((int first, int count) in ranges) order.AddRange(Enumerable.Range(first, count));
        return [.. order];
    }
}
