using System.Diagnostics;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A named pipe into which nothing is written: whoever reads it as a file waits, until this is disposed of, or half a minute if that does not come.</summary>
internal sealed class OpenedPipe : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly Task<FileStream> _writing;
    private readonly Timer _limit;

    public OpenedPipe(string path)
    {
        Path = path;
        using (var made = Process.Start("mkfifo", [path])) made.WaitForExit();
        // It opens once there is a reader.
        _writing = Task.Factory.StartNew(() => new FileStream(path, FileMode.Open, FileAccess.Write), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _limit = new Timer(_ => End(), null, Longest, Timeout.InfiniteTimeSpan);
    }

    public string Path { get; }

    public bool IsBeingRead => _writing.IsCompletedSuccessfully;

    public void Dispose()
    {
        _limit.Dispose();
        End();
    }

    private void End()
    {
        // Where nobody came to read, the writer is let go by a reader that leaves at once.
        if (!_writing.IsCompleted) new FileStream(Path, FileMode.Open, FileAccess.ReadWrite).Dispose();
        _writing.GetAwaiter().GetResult().Dispose();
    }
}
