using QuantNotebooks.Networks;

namespace QuantNotebooks.Sweep;

/// <summary>What a layer's mean output is made of: each weight times the sum of the inputs that it meets.</summary>
internal static class LinearMean
{
    /// <summary>A weight that takes part in a mean.</summary>
    /// <param name="weight">Its index.</param>
    /// <param name="channel">The output channel whose mean it is part of.</param>
    /// <param name="tap">Index of the sum that it is multiplied with, [input channels, taps].</param>
    public delegate void Visit(int weight, int channel, int tap);

    /// <param name="layer">The layer.</param>
    /// <param name="taps">Taps of its kernel in one channel; 1 for a matrix product.</param>
    /// <param name="visit">Called once for each weight.</param>
    public static void ForEachWeight(Layer layer, int taps, Visit visit)
    {
        var (groups, outer, channels, inner) = layer.Layout;
        var groupsOfInputs = layer.Convolution?.Groups ?? 1;
        if (groups == 1 && outer == 1)
        {
            // [O, I/groups, taps]: all weights of an output channel side by side.
            for (var channel = 0; channel < channels; channel++)
            {
                var first = channel / (channels / groupsOfInputs) * inner;
                for (var index = 0; index < inner; index++) visit(channel * inner + index, channel, first + index);
            }
            return;
        }
        // [I, O/groups, taps].
        for (var input = 0; input < groups * outer; input++)
            for (var channel = 0; channel < channels; channel++)
                for (var tap = 0; tap < taps; tap++)
                    visit((input * channels + channel) * taps + tap, input / outer * channels + channel, input * taps + tap);
    }

    /// <summary>
    /// The mean over positions, without bias, of what the layer makes with those weights of an input that is constant in each channel.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="weights">Weights in the layer's layout.</param>
    /// <param name="inputs">The input's value, one an input channel.</param>
    /// <param name="geometry">What the taps meet.</param>
    /// <param name="positions">Positions of an output channel for each map of the input.</param>
    public static double[] OfConstants(Layer layer, float[] weights, double[] inputs, TapGeometry geometry, double positions)
    {
        var meetings = geometry.Meetings();
        var means = new double[layer.Channels];
        ForEachWeight(layer, geometry.Taps, (weight, channel, tap) =>
            means[channel] += (double)weights[weight] * inputs[tap / geometry.Taps] * meetings[tap % geometry.Taps] / positions);
        return means;
    }
}
