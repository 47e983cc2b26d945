namespace QuantNotebooks.Sweep;

/// <summary>
/// Gives the batches of an image set in order, each once, while the next ones are already being decoded on other threads: at most two ahead, so
/// that memory holds three batches however many images there are. A broken image is reported when its batch is asked for. For one thread at a time.
/// </summary>
internal sealed class BatchReader : IDisposable
{
    private const int MostAhead = 2;

    private readonly ImageBatches _batches;
    private readonly TensorPool _pool;
    private readonly CancellationTokenSource _stop;
    private readonly Queue<(BatchTensor Tensor, Task Filled)> _started = new();
    private int _next;

    /// <param name="batches">What to read.</param>
    /// <param name="pool">Memory for the batches; used on the caller's thread only.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public BatchReader(ImageBatches batches, TensorPool pool, CancellationToken cancellation)
    {
        _batches = batches;
        _pool = pool;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>The next batch as the network's input, [images, ...]; the caller disposes of it.</summary>
    /// <exception cref="QuantNotebooksException">An image of the batch is broken or does not fit.</exception>
    public BatchTensor Next()
    {
        while (_started.Count <= MostAhead && _next < _batches.Count) Start(_next++);
        var (tensor, filled) = _started.Dequeue();
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
        foreach (var (tensor, filled) in _started)
        {
            // Its memory must not be given back while it is written to; what went wrong in a batch that nobody asked for does not matter.
            ((IAsyncResult)filled).AsyncWaitHandle.WaitOne();
            tensor.Dispose();
        }
        _started.Clear();
        _stop.Dispose();
    }

    private void Start(int batch)
    {
        var tensor = _batches.Rent(batch, _pool);
        var token = _stop.Token;
        _started.Enqueue((tensor, Task.Run(() => _batches.Fill(batch, tensor.Floats, token), CancellationToken.None)));
    }
}
