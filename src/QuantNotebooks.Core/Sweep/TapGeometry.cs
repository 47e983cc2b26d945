using System.Collections.Immutable;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Sweep;

/// <summary>The positions along one axis of the input that one tap of a kernel meets while the output is written: Count of them, Step apart. The others it meets lie in the padding, or outside the output.</summary>
internal readonly record struct TapPositions(int First, int Step, int Count)
{
    /// <summary>The first position behind.</summary>
    public int End => First + Count * Step;

    /// <summary>Whether the tap meets that position.</summary>
    public bool Meets(int position) => position >= First && position < End && (position - First) % Step == 0;
}

/// <summary>
/// Which values of its input a layer's kernel meets, tap by tap. A layer is linear: the mean of its output over positions is the sum over taps
/// of a weight times the sum of the input values that the tap meets, so these sums say all that a mean needs to know, padding included.
/// </summary>
internal sealed class TapGeometry
{
    private TapGeometry(int channels, bool channelsLast, int columns, ImmutableArray<ImmutableArray<int>> rowTaps, ImmutableArray<TapPositions> columnTaps, int leadingTaps)
    {
        Channels = channels;
        ChannelsLast = channelsLast;
        Columns = columns;
        RowTaps = rowTaps;
        ColumnTaps = columnTaps;
        LeadingTaps = leadingTaps;
    }

    /// <summary>Channels of the input.</summary>
    public int Channels { get; }

    /// <summary>Whether the input's channels are its last axis.</summary>
    public bool ChannelsLast { get; }

    /// <summary>Length of the input's last spatial axis.</summary>
    public int Columns { get; }

    /// <summary>Rows of an input channel: the product of the other spatial axes.</summary>
    public int Rows => RowTaps.Length;

    /// <summary>For each row, which taps along the leading axes meet it.</summary>
    public ImmutableArray<ImmutableArray<int>> RowTaps { get; }

    /// <summary>For each tap along the last axis, which columns it meets.</summary>
    public ImmutableArray<TapPositions> ColumnTaps { get; }

    /// <summary>Taps along the leading axes together.</summary>
    public int LeadingTaps { get; }

    /// <summary>Taps of the kernel in one channel.</summary>
    public int Taps => LeadingTaps * ColumnTaps.Length;

    /// <summary>Whether there is one tap, and it meets every position.</summary>
    public bool IsPointwise => Taps == 1 && Rows == 1 && ColumnTaps[0] == new TapPositions(0, 1, Columns);

    /// <summary>How many positions of one channel each tap meets.</summary>
    public double[] Meetings()
    {
        var meetings = new double[Taps];
        foreach (var leading in RowTaps.SelectMany(taps => taps))
            for (var tap = 0; tap < ColumnTaps.Length; tap++) meetings[leading * ColumnTaps.Length + tap] += ColumnTaps[tap].Count;
        return meetings;
    }

    /// <param name="layer">The layer.</param>
    /// <param name="input">Shape of its input.</param>
    /// <param name="output">Shape of its output.</param>
    public static TapGeometry Of(Layer layer, ReadOnlySpan<long> input, ReadOnlySpan<long> output)
    {
        if (layer.Convolution is not { } convolution)
        {
            // A matrix product meets every value once.
            var columns = layer.ChannelsLast ? 1 : (int)input[^1];
            return new TapGeometry(layer.InputChannels, layer.ChannelsLast, columns, [[0]], [new TapPositions(0, 1, columns)], 1);
        }
        var axes = convolution.KernelShape.Count;
        var taps = new TapPositions[axes][];
        for (var axis = 0; axis < axes; axis++)
            taps[axis] = layer.Operator == LayerOperator.ConvTranspose
                ? Transposed(convolution, axis, (int)input[axis + 2], (int)output[axis + 2])
                : Direct(convolution, axis, input[2..], (int)output[axis + 2]);
        var size = input[2..].ToArray().Select(length => (int)length).ToArray();
        if (Enumerable.Range(0, axes).All(axis => taps[axis].Length == 1 && taps[axis][0] == new TapPositions(0, 1, size[axis])))
        {
            var all = size.Aggregate(1, (product, length) => product * length);
            return new TapGeometry(layer.InputChannels, false, all, [[0]], [new TapPositions(0, 1, all)], 1);
        }
        ImmutableArray<ImmutableArray<int>> rows = [[0]];
        var leading = 1;
        for (var axis = 0; axis < axes - 1; axis++)
        {
            rows = [.. from row in rows from position in Enumerable.Range(0, size[axis]) select MetBy(row, taps[axis], position)];
            leading *= taps[axis].Length;
        }
        return new TapGeometry(layer.InputChannels, false, size[^1], rows, [.. taps[^1]], leading);
    }

    private static ImmutableArray<int> MetBy(ImmutableArray<int> before, TapPositions[] taps, int position) =>
        [.. from tap in before from own in Enumerable.Range(0, taps.Length) where taps[own].Meets(position) select tap * taps.Length + own];

    /// <summary>Output o meets input o stride + tap dilation - pad.</summary>
    private static TapPositions[] Direct(ConvolutionAttributes convolution, int axis, ReadOnlySpan<long> size, int output)
    {
        var lengths = new int[size.Length];
        for (var index = 0; index < lengths.Length; index++) lengths[index] = (int)size[index];
        var (stride, pad, length) = (convolution.Strides[axis], convolution.PadsFor(lengths)[axis], lengths[axis]);
        var taps = new TapPositions[convolution.KernelShape[axis]];
        for (var tap = 0; tap < taps.Length; tap++)
        {
            var start = tap * convolution.Dilations[axis] - pad;
            var first = start >= 0 ? 0 : (-start + stride - 1) / stride;
            var end = Math.Min(output, length <= start ? 0 : (length - start + stride - 1) / stride);
            taps[tap] = new TapPositions(Math.Max(0, first * stride + start), stride, Math.Max(0, end - first));
        }
        return taps;
    }

    /// <summary>Input i meets output i stride + tap dilation - pad.</summary>
    private static TapPositions[] Transposed(ConvolutionAttributes convolution, int axis, int length, int output)
    {
        var (stride, dilation) = (convolution.Strides[axis], convolution.Dilations[axis]);
        var kernel = convolution.KernelShape[axis];
        // What the operator leaves of the whole is its output's shape; where the padding is not said, it follows from that.
        var cut = Math.Max(0, (length - 1) * stride + (kernel - 1) * dilation + 1 - output);
        var pad = convolution.AutoPad switch
        {
            AutoPad.SameUpper => cut / 2,
            AutoPad.SameLower => cut - cut / 2,
            AutoPad.Valid => 0,
            _ => convolution.Pads[axis],
        };
        var taps = new TapPositions[kernel];
        for (var tap = 0; tap < kernel; tap++)
        {
            var start = tap * dilation - pad;
            var first = start >= 0 ? 0 : (-start + stride - 1) / stride;
            var end = Math.Min(length, output <= start ? 0 : (output - start + stride - 1) / stride);
            taps[tap] = new TapPositions(first, 1, Math.Max(0, end - first));
        }
        return taps;
    }
}
