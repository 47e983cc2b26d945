namespace QuantNotebooks.Shift;

/// <summary>
/// What can be said of one channel's shift from these images: images are the independent unit, their mean errors are taken as normal, and so
/// the shift over its standard error follows Student's t with as many degrees of freedom as images less one.
/// </summary>
public static class ShiftTest
{
    /// <summary>The probability of a shift at least as large in magnitude where the true one is zero; NaN for fewer than two images.</summary>
    /// <param name="channel">The channel.</param>
    public static double PValue(this ChannelShift channel) => PValue(channel.MeanShift, channel.StandardError, channel.ImageError.Count - 1);

    /// <summary>The interval that holds the true shift with that confidence; NaN for fewer than two images.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="confidence">Above 0 and below 1.</param>
    /// <exception cref="QuantNotebooksException">The confidence is out of range.</exception>
    public static (double Low, double High) Interval(this ChannelShift channel, double confidence = 0.95)
    {
        if (!(confidence > 0 && confidence < 1)) throw new QuantNotebooksException(FormattableString.Invariant($"A confidence is above 0 and below 1, not {confidence}."));
        if (channel.ImageError.Count < 2) return (double.NaN, double.NaN);
        var reach = Tails.StudentQuantile((1 - confidence) / 2, channel.ImageError.Count - 1) * channel.StandardError;
        return (channel.MeanShift - reach, channel.MeanShift + reach);
    }

    /// <summary>
    /// How many images would pin the shift to within <paramref name="tolerance"/> on either side with that confidence, the images being like
    /// these: n = (z s / tolerance)^2, s the standard deviation of an image's mean error. At least 2; null where these images say nothing of s.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="tolerance">In units of the activation; positive.</param>
    /// <param name="confidence">Above 0 and below 1.</param>
    public static long? ImagesFor(this ChannelShift channel, double tolerance, double confidence = 0.95)
    {
        if (channel.ImageError.Count < 2 || !(tolerance > 0)) return null;
        var deviation = channel.StandardError * Math.Sqrt(channel.ImageError.Count);
        var root = Tails.NormalQuantile((1 - confidence) / 2) * deviation / tolerance;
        return Math.Max(2, (long)Math.Ceiling(Math.Min(root * root, long.MaxValue / 2)));
    }

    /// <summary>The two-sided p-value of a difference; a difference without any spread is certain.</summary>
    internal static double PValue(double difference, double standardError, double degreesOfFreedom)
    {
        if (double.IsNaN(standardError) || !(degreesOfFreedom > 0)) return double.NaN;
        if (standardError == 0) return difference == 0 ? 1 : 0;
        return 2 * Tails.StudentTail(Math.Abs(difference / standardError), degreesOfFreedom);
    }
}
