namespace QuantNotebooks.Shift;

/// <summary>Gathers the shift statistics of one measuring point, batch by batch: float32 values, double sums.</summary>
internal sealed class ShiftAccumulator(int channels)
{
    private readonly ChannelShift[] _channels = new ChannelShift[channels];

    /// <summary>Adds a batch; the sums are not to be used again.</summary>
    public void Add(ShiftSums batch) => batch.AddTo(_channels);

    public ShiftStatistics ToStatistics() => new([.. _channels]);
}
