namespace QuantNotebooks.Equalization;

/// <summary>
/// The factor of a channel that never changes. It carries nothing, so it gains nothing from a finer grid; but batch normalization may have left it
/// weights hundreds of times the others', and then it has to make room.
/// </summary>
internal static class ConstantChannel
{
    /// <summary>
    /// The largest factor, at most 1, that brings the channel's weights inside the range of its layer's others; where the weights that read it would
    /// then leave theirs, what is too much is shared in equal parts.
    /// </summary>
    /// <param name="problem">The network.</param>
    /// <param name="index">The class.</param>
    /// <param name="set">The factor that the ranges have of it already, and that the new one takes the place of.</param>
    /// <param name="made">Ranges of the output channels of the layers that make it.</param>
    /// <param name="read">Ranges of the input channels of the layers that read it.</param>
    public static double Factor(
        FactorProblem problem, int index, double set, IReadOnlyDictionary<int, float[]> made, IReadOnlyDictionary<int, float[]> read)
    {
        var (wanted, least) = (1.0, FactorProblem.SmallestFactor);
        foreach (var end in problem.Producers[index])
        {
            var others = Largest(made[end.Layer], channel => !problem.IsDead(end.Layer, channel));
            var own = made[end.Layer][end.Channel] / set;
            if (others > 0 && own > others) wanted = Math.Min(wanted, others / own);
        }
        foreach (var end in problem.Consumers[index])
        {
            var others = Largest(read[end.Layer], channel => problem.Inputs[end.Layer][channel] != index);
            if (others > 0) least = Math.Max(least, read[end.Layer][end.Channel] * set / others);
        }
        return Math.Min(1, wanted >= least ? wanted : Math.Sqrt(wanted * least));
    }

    private static double Largest(float[] ranges, Func<int, bool> counts)
    {
        var largest = 0f;
        for (var channel = 0; channel < ranges.Length; channel++)
            if (counts(channel)) largest = Math.Max(largest, ranges[channel]);
        return largest;
    }
}
