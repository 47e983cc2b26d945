using Microsoft.Win32.SafeHandles;

namespace QuantNotebooks.Sweep;

/// <summary>
/// A temporary file for tensors that memory has no room for. It has no name once it is open where the system allows that, so nothing is left
/// behind even when the process is killed. Read and written by explicit offsets, not mapped: pages of a mapped file would count as the
/// process's own memory, which is what the file is there to save. Space is used again. Safe to use from several threads.
/// </summary>
internal sealed class SpillFile : IDisposable
{
    private readonly string _folder = Path.GetTempPath();
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<long>> _free = [];
    private SafeFileHandle? _handle;
    private long _length;

    /// <summary>Bytes that the file takes.</summary>
    public long Length => _length;

    /// <summary>Writes the bytes and returns where they are.</summary>
    /// <exception cref="QuantNotebooksException">The file can't be written, for example because the disk is full.</exception>
    public long Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var offset = Reserve(bytes.Length);
            RandomAccess.Write(_handle!, bytes, offset);
            return offset;
        }
        // The last is what .NET makes of a file beyond the size that the file system or the shell allows.
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            var reason = error is ArgumentOutOfRangeException ? "it would be larger than the system allows." : error.Message.ReplaceLineEndings(" ");
            throw new QuantNotebooksException(
                $"A temporary file in '{_folder}' can't take what is beyond the memory budget: {reason} Allow more memory, or name another folder in TMPDIR.", error);
        }
    }

    /// <summary>Reads what was written there, as many bytes as there is room for.</summary>
    public void Read(long offset, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var count = RandomAccess.Read(_handle!, bytes, offset);
            if (count == 0) throw new QuantNotebooksException($"The temporary file in '{_folder}' was cut short by somebody else.");
            bytes = bytes[count..];
            offset += count;
        }
    }

    /// <summary>Gives the place back.</summary>
    public void Free(long offset, long bytes)
    {
        lock (_lock)
        {
            if (!_free.TryGetValue(bytes, out var places)) _free[bytes] = places = new Stack<long>();
            places.Push(offset);
        }
    }

    public void Dispose() => _handle?.Dispose();

    private long Reserve(int bytes)
    {
        lock (_lock)
        {
            _handle ??= Open();
            if (_free.TryGetValue(bytes, out var places) && places.TryPop(out var offset)) return offset;
            _length += bytes;
            return _length - bytes;
        }
    }

    private SafeFileHandle Open()
    {
        var path = Path.Combine(_folder, $"quantnb-{Guid.NewGuid():n}.tmp");
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return handle;
    }
}
