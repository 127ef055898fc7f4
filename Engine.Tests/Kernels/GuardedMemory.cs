using System.Runtime.InteropServices;

namespace Engine.Tests.Kernels;

/// <summary>Memory that ends at a page without access: a read past its last byte ends the process.</summary>
internal sealed partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22;
    private readonly List<(nint Start, nint Bytes)> areas = [];

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The start of so many bytes, the last of which is the last of its page.</summary>
    public nint Allocate(int bytes)
    {
        nint page = Environment.SystemPageSize;
        nint size = (bytes + page - 1) / page * page;
        nint start = Map(0, size + page, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.AreNotEqual(-1, start);
        Assert.AreEqual(0, Protect(start + size, page, 0));
        areas.Add((start, size + page));
        return start + size - bytes;
    }

    public void Dispose()
    {
        foreach ((nint start, nint bytes) in areas) _ = Unmap(start, bytes);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint bytes);
}
