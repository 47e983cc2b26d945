namespace QuantNotebooks.Kernel.Scripting;

/// <summary>Threads for what must go on whatever cells do: those of the thread pool may all be busy with a cell's tasks, for as long as these like.</summary>
internal static class OwnThread
{
    /// <summary>Runs work on a new thread; what awaits it goes on there.</summary>
    public static Task<T> Run<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}
