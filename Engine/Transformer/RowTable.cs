using Engine.Formats;

namespace Engine.Transformer;

/// <summary>A matrix whose rows are looked up and decoded one at a time: token and position embeddings.</summary>
internal sealed unsafe class RowTable(WeightFormat format, byte* data, int rows, int columns, int rowBytes)
{
    public int Rows => rows;

    /// <summary>Decodes one row.</summary>
    public void Decode(int row, float* output) =>
        format.Decode(new ReadOnlySpan<byte>(data + (long)row * rowBytes, rowBytes), new Span<float>(output, columns));
}
