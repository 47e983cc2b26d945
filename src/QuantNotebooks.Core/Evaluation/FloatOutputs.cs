using QuantNotebooks.Networks;

namespace QuantNotebooks.Evaluation;

/// <summary>
/// Outputs of full-precision networks on one set of images, batch by batch, so that evaluations of the same network under several schemes run it once. Safe to
/// use from several threads.
/// </summary>
/// <param name="mostBytes">What is kept at most; batches beyond it run again.</param>
internal sealed class FloatOutputs(long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Function, int Batch), float[]> _kept = [];
    private long _bytes;

    public float[]? Find(Network reference, int batch)
    {
        lock (_lock) return _kept.GetValueOrDefault((reference.FunctionSha256, batch));
    }

    public void Keep(Network reference, int batch, ReadOnlySpan<float> output)
    {
        lock (_lock)
        {
            if (_bytes + (long)output.Length * sizeof(float) > mostBytes) return;
            _bytes += (long)output.Length * sizeof(float);
            _kept[(reference.FunctionSha256, batch)] = output.ToArray();
        }
    }
}
