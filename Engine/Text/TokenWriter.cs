using System.Buffers;

namespace Engine.Text;

/// <summary>Hands token ids to a buffer writer in blocks.</summary>
internal ref struct TokenWriter(IBufferWriter<int> writer)
{
    private Span<int> _block = default;
    private int _used = 0;

    public void Write(int token)
    {
        if (_used == _block.Length)
        {
            Flush();
            _block = writer.GetSpan(64);
        }

        _block[_used++] = token;
    }

    /// <summary>Must be called at the end.</summary>
    public void Flush()
    {
        if (_used > 0) writer.Advance(_used);
        _block = default;
        _used = 0;
    }
}
