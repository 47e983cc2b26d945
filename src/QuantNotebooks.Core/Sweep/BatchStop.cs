namespace QuantNotebooks.Sweep;

/// <summary>
/// How work on batches is stopped: where nothing is kept at once, else the batches under way, each of which counts as a whole or not at all, have
/// a moment to come to their end.
/// </summary>
internal sealed class BatchStop : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource? _within;
    private readonly CancellationTokenRegistration _registration;

    /// <param name="keepDone">Whether what is done is kept.</param>
    /// <param name="cancellation">Stops the work.</param>
    public BatchStop(bool keepDone, CancellationToken cancellation)
    {
        Begins = Within = cancellation;
        if (!keepDone) return;
        _within = new CancellationTokenSource();
        Within = _within.Token;
        _registration = cancellation.UnsafeRegister(static within => ((CancellationTokenSource)within!).CancelAfter(Moment), _within);
    }

    /// <summary>Whether what is done is kept.</summary>
    public bool KeepsDone => _within is not null;

    /// <summary>Lets no further batch begin.</summary>
    public CancellationToken Begins { get; }

    /// <summary>Stops within a batch.</summary>
    public CancellationToken Within { get; }

    public void Dispose()
    {
        _registration.Dispose();
        _within?.Dispose();
    }
}
