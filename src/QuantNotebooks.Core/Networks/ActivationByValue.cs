namespace QuantNotebooks.Networks;

/// <summary>Knows an activation by the values it takes, in whatever nodes an exporter wrote it.</summary>
internal static class ActivationByValue
{
    /// <summary>How far a piecewise linear function may be off, relative to the value: the constants of such formulas are exact in float32.</summary>
    private const double Exact = 1e-6;

    /// <summary>How far a smooth one may be off: float16 constants, and GELU's tanh approximation (5e-4).</summary>
    private const double Close = 2e-3;

    private const double Spacing = 0.2;

    /// <summary>Where a function is looked at: dense about zero, and far out, where bounds show.</summary>
    public static double[] Points { get; } =
    [
        -1e6, -1e3, -100, -40, .. Enumerable.Range(-60, 121).Select(step => step * Spacing), 40, 100, 1e3, 1e6,
    ];

    private static readonly int Zero = Array.IndexOf(Points, 0);

    /// <summary>The activation with those values at <see cref="Points"/>, one row for all channels or one a channel; null where it is none that is known.</summary>
    public static Activation? Of(IEnumerable<double[]> rows)
    {
        var all = new List<Activation>();
        foreach (var row in rows)
        {
            if (OfRow(row) is not { } one) return null;
            all.Add(one);
        }
        if (all.Count == 0 || all.All(other => other == all[0])) return all.FirstOrDefault();
        // A channel's bounds and slope are its own; one that happens to be a plain ReLU is a Clip or a PReLU among such.
        if (all.All(one => one.Kind is ActivationKind.Relu or ActivationKind.Clip)) return Clip([.. all.Select(Lower)], [.. all.Select(one => (float)one.Maximum)]);
        if (all.All(one => one.Kind is ActivationKind.Relu or ActivationKind.LeakyRelu or ActivationKind.None))
            return new Activation(ActivationKind.PRelu) { ChannelSlopes = [.. all.Select(one => one.Kind == ActivationKind.None ? 1 : (float)one.Alpha)] };
        return null;

        static float Lower(Activation one) => one.Kind == ActivationKind.Relu ? 0 : (float)one.Minimum;
    }

    /// <summary>A Clip with bounds of its own for each channel.</summary>
    public static Activation Clip(float[] minimums, float[] maximums) => new(ActivationKind.Clip, minimums.Min(), maximums.Max())
    {
        ChannelMinimums = minimums.Distinct().Count() > 1 ? [.. minimums] : [],
        ChannelMaximums = maximums.Distinct().Count() > 1 ? [.. maximums] : [],
    };

    private static Activation? OfRow(double[] values)
    {
        if (!values.All(double.IsFinite)) return null;
        double low = values[0], high = values[^1];
        if (Is(y => y, Exact)) return Activation.None;
        if (Is(y => Math.Max(y, 0), Exact)) return new Activation(ActivationKind.Relu);
        var slope = At(-1) / -1;
        if (Is(y => y < 0 ? slope * y : y, Exact)) return new Activation(ActivationKind.LeakyRelu) { Alpha = (float)slope };
        if (low <= high && Is(y => Math.Min(Math.Max(y, low), high), Exact))
            return new Activation(ActivationKind.Clip, low <= -1e6 ? double.NegativeInfinity : (float)low, high >= 1e6 ? double.PositiveInfinity : (float)high);
        if (Is(ElementWise.Sigmoid, Close)) return new Activation(ActivationKind.Sigmoid);
        if (Is(Math.Tanh, Close)) return new Activation(ActivationKind.Tanh);
        if (Is(ElementWise.HardSwish, Close)) return new Activation(ActivationKind.HardSwish);
        if (Is(ElementWise.Gelu, Close)) return new Activation(ActivationKind.Gelu);
        var (alpha, beta) = ((At(0.2) - At(-0.2)) / 0.4, At(0));
        if (alpha > 0 && Is(y => Math.Clamp(alpha * y + beta, 0, 1), Close)) return new Activation(ActivationKind.HardSigmoid) { Alpha = (float)alpha, Beta = (float)beta };
        // y sigmoid(beta y) at 1 is sigmoid(beta).
        var swish = At(1) is > 0 and < 1 ? -Math.Log(1 / At(1) - 1) : 0;
        if (swish > 0 && Is(y => y * ElementWise.Sigmoid(swish * y), Close)) return new Activation(ActivationKind.Swish) { Beta = (float)swish };
        if (Is(ElementWise.Softplus, Close)) return new Activation(ActivationKind.Other) { OtherName = "Softplus" };
        if (Is(ElementWise.Mish, Close)) return new Activation(ActivationKind.Other) { OtherName = "Mish" };
        return null;

        double At(double point) => values[Zero + (int)Math.Round(point / Spacing)];

        bool Is(Func<double, double> function, double tolerance)
        {
            // From far out, where most functions differ, inwards.
            for (var index = values.Length - 1; index >= 0; index--)
            {
                var expected = function(Points[index]);
                if (!(Math.Abs(values[index] - expected) <= tolerance * Math.Max(1, Math.Abs(expected)))) return false;
            }
            return true;
        }
    }
}
