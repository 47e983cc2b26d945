using System.Numerics;
using System.Runtime.CompilerServices;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// What is done to each value of a layer's output alone, on one side: a new bias, the activation where it is no more than two bounds, and the
/// grid. All of it in place, channel by channel, while the values are in the cache.
/// </summary>
internal sealed record Pointwise
{
    /// <summary>What is added, one a channel; null for nothing.</summary>
    public float[]? BiasChange { get; init; }

    /// <summary>An activation that <see cref="Computes"/> accepts.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <summary>The output's grid; null where there is none.</summary>
    public Quantizer? Grid { get; init; }

    /// <summary>Whether an activation is a matter of bounds, and so done here; the others ONNX Runtime does.</summary>
    public static bool Computes(Activation activation) => !activation.IsScaled && activation.Kind is ActivationKind.None or ActivationKind.Relu or ActivationKind.Clip;

    /// <summary>Does it to some channels of one side: the bias, the activation, the grid.</summary>
    public void Run(ChannelLayout layout, int first, int count, Span<float> values)
    {
        if (BiasChange is not null) ChangeBias(layout, first, count, values);
        if (Activation.Kind == ActivationKind.None && Grid is null) return;
        // Channels with the same bounds that lie side by side are one run.
        var together = Activation.HasChannelBounds ? 1 : count;
        for (var channel = first; channel < first + count; channel += together)
        {
            var (low, high) = BoundsOf(channel);
            foreach (var start in layout.RowsOf(channel))
            {
                var run = values.Slice(start, together * layout.Inner);
                if (Grid is null) Clip(low, high, run);
                else ClipOntoGrid(low, high, Grid, run);
            }
        }
    }

    private void ChangeBias(ChannelLayout layout, int first, int count, Span<float> values)
    {
        for (var channel = first; channel < first + count; channel++)
        {
            var change = new Vector<float>(BiasChange![channel]);
            foreach (var start in layout.RowsOf(channel))
            {
                var row = values.Slice(start, layout.Inner);
                var index = 0;
                for (; index <= row.Length - Vector<float>.Count; index += Vector<float>.Count) (new Vector<float>(row[index..]) + change).CopyTo(row[index..]);
                for (; index < row.Length; index++) row[index] += BiasChange[channel];
            }
        }
    }

    private (float Low, float High) BoundsOf(int channel) => Activation.Kind == ActivationKind.Relu
        ? (0, float.PositiveInfinity)
        : ((float)Activation.MinimumOf(channel), (float)Activation.MaximumOf(channel));

    // A bound comes first in MaxNative and MinNative: so a NaN stays one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Clip(float low, float high, Span<float> run)
    {
        var (lows, highs) = (new Vector<float>(low), new Vector<float>(high));
        fixed (float* values = run)
        {
            var index = 0;
            for (; index <= run.Length - Vector<float>.Count; index += Vector<float>.Count)
            {
                Memory.Prefetch(values + index + Memory.Ahead);
                Vector.MinNative(highs, Vector.MaxNative(lows, Vector.Load(values + index))).Store(values + index);
            }
            for (; index < run.Length; index++) values[index] = Math.Min(high, Math.Max(low, values[index]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void ClipOntoGrid(float low, float high, Quantizer grid, Span<float> run)
    {
        var vectorGrid = new VectorGrid(grid);
        var (lows, highs) = (new Vector<float>(low), new Vector<float>(high));
        fixed (float* values = run)
        {
            var index = 0;
            for (; index <= run.Length - Vector<float>.Count; index += Vector<float>.Count)
            {
                Memory.Prefetch(values + index + Memory.Ahead);
                vectorGrid.Apply(Vector.MinNative(highs, Vector.MaxNative(lows, Vector.Load(values + index)))).Store(values + index);
            }
            for (; index < run.Length; index++) values[index] = grid.Apply(Math.Min(high, Math.Max(low, values[index])));
        }
    }
}
