namespace QuantNotebooks.Shift;

/// <summary>The tails of the two distributions that tell whether a mean is zero, to ten digits and more. All arguments are checked by the callers.</summary>
internal static class Tails
{
    private const double Epsilon = 4e-16;

    /// <summary>P(T > t) of Student's t, t at least 0: half of the regularized incomplete beta I_x(n/2, 1/2) at x = n / (n + t^2).</summary>
    /// <param name="t">At least 0.</param>
    /// <param name="degreesOfFreedom">Positive; need not be whole.</param>
    public static double StudentTail(double t, double degreesOfFreedom)
    {
        var square = t * t;
        if (double.IsInfinity(square)) return 0;
        var (a, sum) = (degreesOfFreedom / 2, degreesOfFreedom + square);
        // By the side on which the continued fraction converges; the other is its complement.
        return degreesOfFreedom / sum < (a + 1) / (a + 2.5)
            ? IncompleteBeta(a, 0.5, degreesOfFreedom / sum, square / sum) / 2
            : (1 - IncompleteBeta(0.5, a, square / sum, degreesOfFreedom / sum)) / 2;
    }

    /// <summary>The t that Student's t exceeds with that probability.</summary>
    /// <param name="tail">Above 0 and at most 1/2.</param>
    /// <param name="degreesOfFreedom">Positive.</param>
    public static double StudentQuantile(double tail, double degreesOfFreedom) => Root(t => StudentTail(t, degreesOfFreedom), tail);

    /// <summary>The z that a standard normal value exceeds with that probability.</summary>
    /// <param name="tail">Above 0 and at most 1/2.</param>
    public static double NormalQuantile(double tail) => Root(NormalTail, tail);

    /// <summary>P(Z > z) of the standard normal, z at least 0: Q(z) = exp(-z^2 / 2) / sqrt(2 pi) times Laplace's continued fraction, or a series for small z.</summary>
    public static double NormalTail(double z)
    {
        var density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        if (z >= 3)
        {
            // z + 1 / (z + 2 / (z + 3 / ...)), from behind.
            var fraction = z;
            for (var k = 200; k >= 1; k--) fraction = z + k / fraction;
            return density / fraction;
        }
        // Phi(z) - 1/2 = density (z + z^3 / 3 + z^5 / 15 + ...): all terms have one sign.
        var (term, sum) = (z, z);
        for (var odd = 3; term > sum * Epsilon; odd += 2)
        {
            term *= z * z / odd;
            sum += term;
        }
        return 0.5 - density * sum;
    }

    // Where a falling function takes a value: doubled until it lies between, then halved until no number lies between.
    private static double Root(Func<double, double> tail, double value)
    {
        var (low, high) = (0.0, 1.0);
        while (tail(high) > value && high < double.MaxValue / 2) (low, high) = (high, 2 * high);
        while (true)
        {
            var middle = low + (high - low) / 2;
            if (middle <= low || middle >= high) return middle;
            if (tail(middle) > value) low = middle;
            else high = middle;
        }
    }

    // I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8), forwards as Lentz does; y = 1 - x is given because the difference would lose digits.
    private static double IncompleteBeta(double a, double b, double x, double y)
    {
        if (x <= 0) return 0;
        var (numerator, denominator, fraction) = (1.0, 0.0, 1.0);
        // It needs about as many terms as the square root of the larger argument.
        for (var index = 1; index < 100_000; index++)
        {
            var m = index / 2;
            var coefficient = index % 2 == 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)) : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            denominator = 1 / NotZero(1 + coefficient * denominator);
            numerator = NotZero(1 + coefficient / numerator);
            fraction *= numerator * denominator;
            if (Math.Abs(numerator * denominator - 1) < Epsilon) break;
        }
        return Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(y)) / (a * fraction);
    }

    private static double NotZero(double value) => Math.Abs(value) < 1e-300 ? 1e-300 : value;

    // Stirling's series where it has converged, reached by the recursion.
    private static double LogGamma(double z)
    {
        var shift = 0.0;
        for (; z < 15; z++) shift -= Math.Log(z);
        var inverse = 1 / (z * z);
        return shift + (z - 0.5) * Math.Log(z) - z + 0.5 * Math.Log(2 * Math.PI) + (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / z;
    }
}
