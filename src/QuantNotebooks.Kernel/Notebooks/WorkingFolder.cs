namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>Makes a folder the process's current directory until it is disposed. Not for two threads at once: a process has one.</summary>
internal readonly struct WorkingFolder : IDisposable
{
    private readonly string _before;

    private WorkingFolder(string before) => _before = before;

    public static WorkingFolder Enter(string folder)
    {
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder);
        return new WorkingFolder(before);
    }

    public void Dispose() => Directory.SetCurrentDirectory(_before);
}
