using Engine.Formats;
using Engine.Formats.Packed;

namespace Engine.Transformer;

/// <summary>A matrix whose rows are looked up and decoded one at a time: token and position embeddings.</summary>
internal sealed unsafe class RowTable(
    WeightFormat format, byte* data, int rows, int columns, int rowBytes, PackedLayout? packed = null)
{
    private const int LargestBlock = 256;

    public int Rows => rows;

    /// <summary>Decodes one row.</summary>
    public void Decode(int row, float* output)
    {
        int strip = row & -PackedLayout.Rows;
        if (packed is not null && strip + PackedLayout.Rows <= rows)
        {
            DecodePacked(new ReadOnlySpan<byte>(data + (long)strip * rowBytes, PackedLayout.Rows * rowBytes),
                row - strip, new Span<float>(output, columns));
            return;
        }

        format.Decode(new ReadOnlySpan<byte>(data + (long)row * rowBytes, rowBytes), new Span<float>(output, columns));
    }

    /// <summary>A row out of a strip, block by block.</summary>
    private void DecodePacked(ReadOnlySpan<byte> strip, int row, Span<float> output)
    {
        Span<byte> block = stackalloc byte[LargestBlock];
        block = block[..format.BlockBytes];
        for (int i = 0; i * format.BlockElements < columns; i++)
        {
            packed!.Unpack(strip, row, i, block);
            format.Decode(block, output.Slice(i * format.BlockElements, format.BlockElements));
        }
    }
}
