using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// A file beside the connection file that is there while a cell runs, readable by its owner only. Jupyter starts a kernel that has died anew with the same connection
/// file, so what a process leaves behind tells the next one what it died of. Where the file cannot be written, nothing is told.
/// </summary>
/// <remarks>Its lines: the cell's number and first line of code; the header of the request, as JSON; then what <see cref="LastWords"/> adds. For one cell at a time.</remarks>
internal sealed class RunningCellFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Lock _gate = new();
    private bool _isClosed;

    /// <summary>Prepares the file; there is none before <see cref="Begin"/>.</summary>
    /// <param name="connectionFile">The connection file's path.</param>
    public RunningCellFile(string connectionFile)
    {
        // Hidden, so that Jupyter's tools, which find connection files by parts of their names, do not take it for one.
        Path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(connectionFile))!, $".{System.IO.Path.GetFileName(connectionFile)}.running");
        Previous = Quietly(Read);
        Quietly(Delete);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The process that had the connection file before and died while it ran a cell; null where there was none.</summary>
    public DeadKernel? Previous { get; }

    /// <summary>A cell begins.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="code">Its code.</param>
    /// <param name="request">The header of the request to run it.</param>
    public void Begin(int number, string code, byte[] request)
    {
        var text = $"[{number}] {CellTitle.Of(code)}\n{JsonNode.Parse(request)!.ToJsonString()}\n";
        lock (_gate)
        {
            if (!_isClosed) Quietly(() => Write(text));
        }
    }

    /// <summary>The cell has ended.</summary>
    public void End()
    {
        lock (_gate) Quietly(Delete);
    }

    /// <summary>The process ends as it should: whatever still runs is not what it died of.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Quietly(Delete);
        }
    }

    private DeadKernel? Read()
    {
        // What others can write in a folder for all is not ours.
        if (!File.Exists(Path) || (!OperatingSystem.IsWindows() && File.GetUnixFileMode(Path) != OwnerOnly)) return null;
        return File.ReadAllText(Path).Split('\n', 3) is [var cell, var request, var rest] && IsObject(request) ? new DeadKernel(cell, Encoding.UTF8.GetBytes(request), LastWords.Of(rest)) : null;
    }

    private void Write(string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using var file = new FileStream(Path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private void Delete() => File.Delete(Path);

    private static bool IsObject(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Quietly(Action work) => Quietly<object?>(() =>
    {
        work();
        return null;
    });

    // A disk that is full, or a folder that cannot be written to, must not keep a cell from running.
    private static T? Quietly<T>(Func<T?> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
