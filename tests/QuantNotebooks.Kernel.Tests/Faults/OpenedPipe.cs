using System.Diagnostics;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A named pipe into which nothing is written: whoever reads it as a file waits, until this is disposed of.</summary>
internal sealed class OpenedPipe : IDisposable
{
    private readonly Task<FileStream> _writing;

    public OpenedPipe(string path)
    {
        Path = path;
        using (var made = Process.Start("mkfifo", [path])) made.WaitForExit();
        // It opens once there is a reader.
        _writing = Task.Factory.StartNew(() => new FileStream(path, FileMode.Open, FileAccess.Write), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public string Path { get; }

    public bool IsBeingRead => _writing.IsCompletedSuccessfully;

    public void Dispose()
    {
        // Where nobody came to read, the writer is let go by a reader that leaves at once.
        if (!_writing.IsCompleted) new FileStream(Path, FileMode.Open, FileAccess.ReadWrite).Dispose();
        _writing.GetAwaiter().GetResult().Dispose();
    }
}
