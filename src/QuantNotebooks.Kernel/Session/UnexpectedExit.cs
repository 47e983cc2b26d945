using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Session;

/// <summary>
/// Says why when the process ends though nobody has ended the session: calls of Environment.Exit that a cell makes itself are refused, but libraries
/// and reflection can call it too, and the runtime lets nobody prevent that.
/// </summary>
internal sealed class UnexpectedExit : IDisposable
{
    private readonly Action _after;

    /// <summary>Begins to watch; ends with <see cref="Dispose"/>, when the process may end.</summary>
    /// <param name="after">What to do after the last words, such as sending them.</param>
    public UnexpectedExit(Action after)
    {
        _after = after;
        AppDomain.CurrentDomain.ProcessExit += Say;
    }

    public void Dispose() => AppDomain.CurrentDomain.ProcessExit -= Say;

    private void Say(object? sender, EventArgs arguments)
    {
        const string text = "The process was ended from within: something that a cell has called, or started, has called Environment.Exit. The session is over.\n";
        RunningCell.Output?.Write(OutputStream.Error, text);
        Scripting.CellConsole.Error.Write("quantnb: " + text);
        Thread.Sleep(100); // text leaves a moment after it was written
        _after();
    }
}
