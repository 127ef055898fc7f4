using Engine.Memory;

namespace Engine.Tests.Kernels;

/// <summary>Elements that end at a page without access, so that reading or writing past them ends the process; ordinary
/// memory where the system has no such pages.</summary>
internal sealed unsafe class GuardedBuffer<T> : IDisposable where T : unmanaged
{
    private readonly IDisposable owner;

    public GuardedBuffer(int count)
    {
        Count = count;
        if (GuardedMemory.IsSupported)
        {
            var memory = new GuardedMemory();
            owner = memory;
            Pointer = (T*)memory.Allocate(count * sizeof(T));
        }
        else
        {
            var memory = new AlignedBuffer<T>(count);
            owner = memory;
            Pointer = memory.Pointer;
        }
    }

    public int Count { get; }

    public T* Pointer { get; }

    public Span<T> Span => new(Pointer, Count);

    public void Dispose() => owner.Dispose();
}
