using System.Buffers;

namespace Engine.Memory;

/// <summary>Values of a mapped file as <see cref="Memory{T}"/>, without a copy.</summary>
internal sealed unsafe class MappedMemory<T>(MappedFile file, T* first, int count) : MemoryManager<T>
    where T : unmanaged
{
    public override Span<T> GetSpan()
    {
        file.ThrowIfClosed();
        return new Span<T>(first, count);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        file.ThrowIfClosed();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)count);
        return new MemoryHandle(first + elementIndex);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
