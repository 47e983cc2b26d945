using QuantNotebooks.Networks;

namespace QuantNotebooks.Correction.Analytic;

/// <summary>
/// An activation as pieces of at most second degree, and its moments for a normally distributed input in closed form: the clipped-normal formulas
/// of DFQ (arXiv 1906.04721, appendix C) for every such function at once. Immutable.
/// </summary>
internal sealed class PiecewisePolynomial
{
    private readonly Piece[] _pieces;

    private PiecewisePolynomial(params Piece[] pieces) => _pieces = pieces;

    /// <summary>c0 + c1 x + c2 x^2 from <paramref name="From"/> to <paramref name="To"/>.</summary>
    private readonly record struct Piece(double From, double To, double C0, double C1, double C2 = 0);

    /// <summary>The function of one channel, or null where it is none of such pieces.</summary>
    public static PiecewisePolynomial? Of(Activation activation, int channel) => activation.Kind switch
    {
        ActivationKind.None => new(new Piece(double.NegativeInfinity, double.PositiveInfinity, 0, 1)),
        ActivationKind.Relu => Clip(0, double.PositiveInfinity),
        ActivationKind.Clip => Clip(activation.MinimumOf(channel), activation.MaximumOf(channel)),
        ActivationKind.LeakyRelu => Leaky(activation.Alpha),
        ActivationKind.PRelu => Leaky(activation.ChannelSlopes[activation.ChannelSlopes.Count == 1 ? 0 : channel]),
        ActivationKind.HardSigmoid when activation.Alpha > 0 => new(
            new Piece(-activation.Beta / activation.Alpha, (1 - activation.Beta) / activation.Alpha, activation.Beta, activation.Alpha),
            new Piece((1 - activation.Beta) / activation.Alpha, double.PositiveInfinity, 1, 0)),
        ActivationKind.HardSwish => new(new Piece(-3, 3, 0, 0.5, 1 / 6.0), new Piece(3, double.PositiveInfinity, 0, 1)),
        _ => null,
    };

    /// <summary>Mean and variance of the function's value for x ~ N(mean, deviation^2).</summary>
    public (double Mean, double Variance) Moments(double mean, double deviation)
    {
        if (!(deviation > 0)) return (At(mean), 0);
        var (first, second) = (0.0, 0.0);
        foreach (var piece in _pieces)
        {
            // In z = (x - mean) / deviation the piece is a + b z + c z^2.
            var a = piece.C0 + mean * (piece.C1 + mean * piece.C2);
            var b = deviation * (piece.C1 + 2 * mean * piece.C2);
            var c = deviation * deviation * piece.C2;
            var z = PartialMoments((piece.From - mean) / deviation, (piece.To - mean) / deviation);
            first += a * z[0] + b * z[1] + c * z[2];
            second += a * a * z[0] + 2 * a * b * z[1] + (b * b + 2 * a * c) * z[2] + 2 * b * c * z[3] + c * c * z[4];
        }
        return (first, Math.Max(0, second - first * first));
    }

    private static PiecewisePolynomial Clip(double low, double high) => new(
        new Piece(double.NegativeInfinity, low, double.IsFinite(low) ? low : 0, 0), new Piece(low, high, 0, 1),
        new Piece(high, double.PositiveInfinity, double.IsFinite(high) ? high : 0, 0));

    private static PiecewisePolynomial Leaky(double slope) =>
        new(new Piece(double.NegativeInfinity, 0, 0, slope), new Piece(0, double.PositiveInfinity, 0, 1));

    /// <summary>The function's value.</summary>
    public double At(double x)
    {
        foreach (var piece in _pieces)
            if (x >= piece.From && x <= piece.To) return piece.C0 + x * (piece.C1 + x * piece.C2);
        return 0;
    }

    /// <summary>
    /// Integrals of z^k phi(z) from l to u for k = 0 to 4, by parts: I(k) = (k - 1) I(k - 2) + l^(k-1) phi(l) - u^(k-1) phi(u).
    /// </summary>
    private static double[] PartialMoments(double low, double high)
    {
        var moments = new double[5];
        if (!(low < high)) return moments;
        moments[0] = NormalDistribution.Cumulative(high) - NormalDistribution.Cumulative(low);
        for (var power = 1; power < moments.Length; power++)
            moments[power] = (power > 1 ? (power - 1) * moments[power - 2] : 0) + Edge(low, power - 1) - Edge(high, power - 1);
        return moments;

        static double Edge(double z, int power) => double.IsInfinity(z) ? 0 : Math.Pow(z, power) * NormalDistribution.Density(z);
    }
}
