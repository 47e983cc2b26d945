using System.Numerics.Tensors;

namespace QuantNotebooks.Sweep;

/// <summary>Adds one constant a channel to a batch.</summary>
internal static class ChannelBias
{
    public static void Add(Span<float> values, ChannelLayout layout, ReadOnlySpan<float> constants)
    {
        var rows = layout.Images * layout.Items;
        for (var row = 0; row < rows; row++)
        {
            var channels = values.Slice(row * layout.Channels * layout.Inner, layout.Channels * layout.Inner);
            if (layout.Inner == 1)
            {
                TensorPrimitives.Add(channels, constants, channels);
                continue;
            }
            for (var channel = 0; channel < layout.Channels; channel++)
            {
                var positions = channels.Slice(channel * layout.Inner, layout.Inner);
                TensorPrimitives.Add(positions, constants[channel], positions);
            }
        }
    }
}
