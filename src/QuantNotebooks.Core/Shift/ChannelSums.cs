namespace QuantNotebooks.Shift;

/// <summary>
/// Sums and extrema of one channel over a batch. Plain double sums over the values of a batch lose nothing that float32 values hold; batches
/// are put together by <see cref="Moments.Merge"/>, which stays exact over millions.
/// </summary>
internal struct ChannelSums
{
    public double Full, FullSquares, QuantizedSquares, Error, ErrorSquares;

    public float FullLow, FullHigh, QuantizedLow, QuantizedHigh, ErrorLow, ErrorHigh;

    private double _imageErrorSquares, _imageErrorLow, _imageErrorHigh;

    public static ChannelSums Empty => new()
    {
        FullLow = float.PositiveInfinity,
        QuantizedLow = float.PositiveInfinity,
        ErrorLow = float.PositiveInfinity,
        FullHigh = float.NegativeInfinity,
        QuantizedHigh = float.NegativeInfinity,
        ErrorHigh = float.NegativeInfinity,
        _imageErrorLow = double.PositiveInfinity,
        _imageErrorHigh = double.NegativeInfinity,
    };

    /// <summary>False where a NaN or an infinity was among the values: the squares of finite float32 values sum to a finite double.</summary>
    public readonly bool IsFinite => double.IsFinite(FullSquares) && double.IsFinite(QuantizedSquares);

    /// <summary>Adds the error of one image, summed over its positions.</summary>
    public void AddImage(double error)
    {
        Error += error;
        _imageErrorSquares += error * error;
        _imageErrorLow = Math.Min(_imageErrorLow, error);
        _imageErrorHigh = Math.Max(_imageErrorHigh, error);
    }

    /// <summary>The moments of the batch.</summary>
    /// <param name="images">Number of images, at least 1.</param>
    /// <param name="positions">Values of the channel in each image, at least 1.</param>
    public readonly ChannelShift ToChannelShift(int images, long positions)
    {
        var count = images * positions;
        var imageSquares = _imageErrorSquares / ((double)positions * positions);
        return new ChannelShift(
            MomentsOf(count, Full, FullSquares, FullLow, FullHigh),
            MomentsOf(count, Full + Error, QuantizedSquares, QuantizedLow, QuantizedHigh),
            MomentsOf(count, Error, ErrorSquares, ErrorLow, ErrorHigh),
            MomentsOf(images, Error / positions, imageSquares, _imageErrorLow / positions, _imageErrorHigh / positions));
    }

    private static Moments MomentsOf(long count, double sum, double squares, double low, double high)
    {
        var mean = sum / count;
        return new Moments(count, mean, Math.Max(0, squares - sum * mean), low, high);
    }
}
