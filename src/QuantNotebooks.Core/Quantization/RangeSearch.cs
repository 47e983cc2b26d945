using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>Looks for the range whose grid costs least.</summary>
internal static class RangeSearch
{
    /// <summary>Candidates for one end of the range are this many equal parts of its extremum.</summary>
    private const int Parts = 128;

    /// <summary>Candidates for both ends together are this many equal parts each.</summary>
    private const int CoarseParts = 16;

    private const int MostRounds = 4;

    /// <summary>
    /// The range with the smallest cost; the widest of several. On a symmetric grid every magnitude is tried. On an asymmetric one a coarse mesh
    /// of both ends comes first, and then the ends in turn, each while the other stays, until neither moves.
    /// </summary>
    public static ActivationRange Best(ActivationRange extrema, GridFormat format, Func<Quantizer, double> cost)
    {
        var (minimum, maximum) = (Math.Min(0, extrema.Minimum), Math.Max(0, extrema.Maximum));
        var best = new ActivationRange(minimum, maximum);
        var least = double.PositiveInfinity;
        // With steps that are powers of two many ranges share a grid.
        var tried = new HashSet<Quantizer>();
        if (format.Symmetric)
        {
            var magnitude = Math.Max(-minimum, maximum);
            for (var part = Parts; part > 0; part--) Try(Within(extrema, Part(magnitude, part, Parts)));
            return best;
        }
        Try(best);
        if (minimum < 0 && maximum > 0)
            for (var low = CoarseParts; low > 0; low--)
                for (var high = CoarseParts; high > 0; high--) Try(new ActivationRange(Part(minimum, low, CoarseParts), Part(maximum, high, CoarseParts)));
        for (var round = 0; round < MostRounds; round++)
        {
            var before = best;
            for (var part = Parts; part > 0 && maximum > 0; part--) Try(best with { Maximum = Part(maximum, part, Parts) });
            for (var part = Parts; part > 0 && minimum < 0; part--) Try(best with { Minimum = Part(minimum, part, Parts) });
            if (best == before) break;
        }
        return best;

        void Try(ActivationRange range)
        {
            var grid = format.Over(range);
            if (!tried.Add(grid)) return;
            var other = cost(grid);
            if (other < least) (best, least) = (range, other);
        }
    }

    /// <summary>The extrema without what lies beyond a magnitude.</summary>
    public static ActivationRange Within(ActivationRange extrema, float magnitude) =>
        new(Math.Max(Math.Min(0, extrema.Minimum), -magnitude), Math.Min(Math.Max(0, extrema.Maximum), magnitude));

    private static float Part(float extremum, int part, int parts) => part == parts ? extremum : extremum * part / parts;
}
