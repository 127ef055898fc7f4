using System.Runtime.InteropServices;

namespace Engine.Memory;

/// <summary>Zeroed native memory aligned to 64 bytes (a cache line, the widest vector), owned until disposed.</summary>
/// <remarks>Pinned managed arrays are not 64-byte aligned, so kernels read native memory.</remarks>
internal sealed unsafe class AlignedBuffer<T> : SafeHandle where T : unmanaged
{
    public const int Alignment = 64;

    /// <summary>Allocates <paramref name="count"/> zeroed elements.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public AlignedBuffer(nint count) : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        nuint bytes = checked((nuint)count * (nuint)sizeof(T));
        void* memory = NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), Alignment);
        NativeMemory.Clear(memory, bytes);
        SetHandle((nint)memory);
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
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
