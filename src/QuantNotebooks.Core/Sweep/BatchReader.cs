namespace QuantNotebooks.Sweep;

/// <summary>
/// Gives the batches of an image set, each once, while the next ones are already being decoded on other threads: at most two ahead, so that
/// memory holds few batches however many images there are. A broken image is reported when its batch is asked for. Safe to use from several
/// threads.
/// </summary>
internal sealed class BatchReader : IDisposable
{
    private const int MostAhead = 2;

    private readonly ImageBatches _batches;
    private readonly TensorPool _pool;
    private readonly CancellationTokenSource _stop;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, (BatchTensor Tensor, Task Filled)> _ahead = [];
    private int _started;
    private int _next;

    /// <param name="batches">What to read.</param>
    /// <param name="pool">Memory for the batches.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public BatchReader(ImageBatches batches, TensorPool pool, CancellationToken cancellation)
    {
        _batches = batches;
        _pool = pool;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>The next batch as the network's input, [images, ...]; the caller disposes of it.</summary>
    /// <exception cref="QuantNotebooksException">An image of the batch is broken or does not fit.</exception>
    public BatchTensor Next() => Take(_next++);

    /// <summary>The batch at that position, which must not have been taken before; the caller disposes of it.</summary>
    /// <exception cref="QuantNotebooksException">An image of the batch is broken or does not fit.</exception>
    public BatchTensor Take(int batch)
    {
        BatchTensor tensor;
        Task filled;
        lock (_lock)
        {
            while (_started < _batches.Count && _started <= batch + MostAhead) Start(_started++);
            _ahead.Remove(batch, out var ahead);
            (tensor, filled) = ahead;
        }
        try
        {
            filled.GetAwaiter().GetResult();
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (var (tensor, filled) in _ahead.Values)
        {
            // Its memory must not be given back while it is written to; what went wrong in a batch that nobody asked for does not matter.
            filled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            tensor.Dispose();
        }
        _ahead.Clear();
        _stop.Dispose();
    }

    private void Start(int batch)
    {
        var tensor = _batches.Rent(batch, _pool);
        var token = _stop.Token;
        _ahead[batch] = (tensor, Task.Run(() => _batches.Fill(batch, tensor.Floats, token), CancellationToken.None));
    }
}
