using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>How far a command has come, and so how long it may take to end by itself when it is stopped, before it is left behind. Thread safe.</summary>
internal sealed class CommandStage
{
    // What is under way may be a step of ONNX Runtime over a whole large network, which nothing can stop: there is nothing to wait for.
    private static readonly TimeSpan NothingDone = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PartDone = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AllDone = TimeSpan.FromSeconds(30);

    private volatile bool _isPartDone;
    private volatile bool _hasResult;

    /// <summary>How long it may take.</summary>
    public TimeSpan Patience => _hasResult ? AllDone : _isPartDone ? PartDone : NothingDone;

    /// <summary>The command has come to a result, which it shows and writes.</summary>
    public void HasResult() => _hasResult = true;

    /// <summary>Hands on what the command reports, and sees from it whether a part is done that may be kept.</summary>
    public IProgress<SweepProgress> Through(IProgress<SweepProgress> progress) => new Watch(this, progress);

    // Not Progress<T>, which would report later, from another thread and perhaps out of order.
    private sealed class Watch(CommandStage stage, IProgress<SweepProgress> progress) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Done > 0 || value.ImagesDone > 0) stage._isPartDone = true;
            progress.Report(value);
        }
    }
}
