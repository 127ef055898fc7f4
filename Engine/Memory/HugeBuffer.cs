using System.Runtime.InteropServices;

namespace Engine.Memory;

/// <summary>Much native memory for data that are written once and read in order, owned until disposed: in huge
/// pages where the system has them.</summary>
/// <remarks>A page of 4 KiB ends the processor's prefetching and takes an entry of its address cache; one of 2 MiB
/// holds 500 times as much. The memory is not zeroed, and none of it is resident until it is written.</remarks>
internal sealed unsafe partial class HugeBuffer : SafeHandle
{
    private const int PageBytes = 2 << 20;
    private const int AdviseHugePages = 14;

    /// <summary>Reserves memory.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public HugeBuffer(long bytes) : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        nuint size = checked((nuint)(bytes + PageBytes - 1) & ~(nuint)(PageBytes - 1));
        SetHandle((nint)NativeMemory.AlignedAlloc(size, PageBytes));
        if (OperatingSystem.IsLinux()) Advise(handle, size);
    }

    public byte* Pointer => (byte*)handle;

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }

    /// <summary>Without huge pages everything works as well, a little slower.</summary>
    private static void Advise(nint address, nuint size)
    {
        try
        {
            _ = MemoryAdvise(address, size, AdviseHugePages);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system whose C library has another name.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint address, nuint size, int advice);
}
