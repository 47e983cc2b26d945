namespace QuantNotebooks.Sweep;

/// <summary>
/// Takes results of batches as they come from several threads, and passes them on in the order of the batches: sums then do not depend on how
/// many threads there are, nor on which is first. Nobody waits; what is early is kept.
/// </summary>
/// <param name="take">Gets the results, one at a time.</param>
internal sealed class InOrder<T>(Action<T> take)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, T> _early = [];
    private int _next;
    private bool _isClosed;

    /// <summary>Takes a result, unless it comes too late.</summary>
    public void Add(int batch, T result)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                (result as IDisposable)?.Dispose();
                return;
            }
            _early.Add(batch, result);
            while (_early.Remove(_next, out var due))
            {
                take(due);
                _next++;
            }
        }
    }

    /// <summary>Takes no more, and lets go of what came early: threads that were left behind change nothing any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (var early in _early.Values) (early as IDisposable)?.Dispose();
            _early.Clear();
        }
    }
}
