using System.Runtime.InteropServices;

namespace Engine.Memory;

/// <summary>Zeroed native memory aligned to 64 bytes (a cache line, the widest vector), owned until disposed.</summary>
/// <remarks>Pinned managed arrays are not 64-byte aligned, so kernels read native memory.</remarks>
internal sealed unsafe class AlignedBuffer<T> : SafeHandle where T : unmanaged
{
    public const int Alignment = 64;

    private readonly void* block;

    /// <summary>Allocates <paramref name="count"/> zeroed elements.</summary>
    /// <remarks>The system hands out large zeroed blocks page by page when they are first touched: a long context costs
    /// memory only for the tokens that it holds.</remarks>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public AlignedBuffer(nint count) : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        block = NativeMemory.AllocZeroed(checked((nuint)count * (nuint)sizeof(T) + Alignment));
        SetHandle(((nint)block + Alignment - 1) & -Alignment);
        Count = count;
    }

    public nint Count { get; }

    public T* Pointer => (T*)handle;

    public override bool IsInvalid => handle == 0;

    /// <summary>Elements [start, start + length) as a span.</summary>
    public Span<T> Slice(nint start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, Count);
        return new Span<T>(Pointer + start, length);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free(block);
        return true;
    }
}
