using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Engine.Memory;

/// <summary>A whole file mapped read-only; the pages are the system's, so several processes share them.</summary>
/// <remarks>Nobody may shorten the file while it is mapped: reading a page that went away ends the process.</remarks>
internal sealed unsafe class MappedFile : SafeHandle
{
    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;

    private MappedFile(string path, SafeFileHandle file, long length, MemoryMappedFile? map)
        : base(0, ownsHandle: true)
    {
        _file = file;
        Path = path;
        Length = length;
        if (map is null) return;
        _map = map;
        _view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);

        // A view starts on an allocation boundary; the offset leads to the byte that was asked for.
        SetHandle((nint)(pointer + _view.PointerOffset));
    }

    public string Path { get; }

    /// <summary>Size in bytes; an empty file has no mapping and a null <see cref="Pointer"/>.</summary>
    public long Length { get; }

    /// <summary>First byte; valid until disposal.</summary>
    public byte* Pointer => (byte*)handle;

    public override bool IsInvalid => handle == 0;

    /// <summary>Maps a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a directory, may not be read, or cannot be mapped.</exception>
    public static MappedFile Open(string path)
    {
        if (Directory.Exists(path)) throw new IOException($"{path} is a directory, expected a file");
        MemoryMappedFile? map = null;
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = RandomAccess.GetLength(file);
            if (length > 0)
            {
                map = MemoryMappedFile.CreateFromFile(
                    file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            }
            else
            {
                file.Dispose();
            }

            return new MappedFile(path, file, length, map);
        }
        catch (Exception exception)
        {
            map?.Dispose();
            file?.Dispose();
            if (exception is UnauthorizedAccessException)
                throw new IOException($"{path}: reading is not permitted", exception);
            if (exception is NotSupportedException)
                throw new IOException($"{path} cannot be mapped, expected a regular file", exception);
            throw;
        }
    }

    /// <summary>Guards reads through objects that outlive the file by mistake.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(IsClosed, this);

    /// <summary>Reads bytes into memory of the caller's: unlike those that are read through <see cref="Pointer"/>,
    /// their pages do not count as this process's own.</summary>
    /// <exception cref="IOException">The file cannot be read, or became shorter.</exception>
    public void Read(long offset, Span<byte> target)
    {
        ThrowIfClosed();
        while (!target.IsEmpty)
        {
            int count = RandomAccess.Read(_file, target, offset);
            if (count == 0) throw new IOException($"{Path}: expected {Length} bytes, found {offset}");
            offset += count;
            target = target[count..];
        }
    }

    protected override bool ReleaseHandle()
    {
        _file.Dispose();
        // The acquired pointer holds a reference on the view's handle, so the view cannot have gone before us.
        _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map!.Dispose();
        return true;
    }
}
