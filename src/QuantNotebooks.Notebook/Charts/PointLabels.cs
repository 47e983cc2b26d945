namespace QuantNotebooks.Notebook.Charts;

/// <summary>Where the names of points stand: beside their marks, inside the chart, and not on each other.</summary>
internal static class PointLabels
{
    // A chart of 800 pixels, the narrowest that is meant to be read; wider ones have more room. Letters of 12 pixels are about 6.5 wide on average.
    private const double Width = 640, Height = 330, Letter = 6.5, Line = 16, Mark = 8, Bar = 3;

    // Pieces that a line is taken for.
    private const int Pieces = 24;

    // A thin line through a name hurts more than a mark at its end.
    private const double Struck = 3;

    private const int Rounds = 5;

    private static readonly (string Name, int Side, int Level)[] Places =
    [
        ("top center", 0, -1), ("bottom center", 0, 1), ("top right", 1, -1), ("top left", -1, -1), ("bottom right", 1, 1), ("bottom left", -1, 1),
        ("middle right", 1, 0), ("middle left", -1, 0),
    ];

    private readonly record struct Box(double Left, double Top, double Right, double Bottom)
    {
        public double Overlap(Box other) => Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left)) * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));

        public double Outside => Math.Max(0, -Left) + Math.Max(0, Right - Width) + Math.Max(0, -Top) + Math.Max(0, Bottom - Height);
    }

    /// <summary>
    /// Plotly's name of the place of each label: the first that keeps it inside and clear of marks, their error bars, lines and other labels; else the one that does so best.
    /// </summary>
    /// <param name="points">Name, and where the mark and the ends of its error bar are, 0 to 1 along the axes.</param>
    /// <param name="line">Where a line that joins some of them turns, in the same units.</param>
    public static string[] Of(IReadOnlyList<(string Name, double Across, double Up, double Low, double High)> points, IReadOnlyList<(double Across, double Up)> line)
    {
        var marks = points.Select(point => new Box(point.Across * Width - Mark, (1 - point.Up) * Height - Mark, point.Across * Width + Mark, (1 - point.Up) * Height + Mark)).ToArray();
        // A bar of no length hides behind its mark.
        var bars = points.Where(point => point.High > point.Low)
            .Select(point => new Box(point.Across * Width - Bar, (1 - point.High) * Height, point.Across * Width + Bar, (1 - point.Low) * Height));
        var pieces = line.Zip(line.Skip(1)).SelectMany(ends => Enumerable.Range(0, Pieces).Select(piece => PieceOf(ends.First, ends.Second, (piece + 0.5) / Pieces)));
        Box[] thin = [.. bars, .. pieces];
        var (places, names) = (new int[points.Count], new Box?[points.Count]);
        // Long names have the fewest places to go to. Each may make another place better for one before.
        int[] order = [.. Enumerable.Range(0, points.Count).OrderByDescending(index => points[index].Name.Length)];
        for (var (round, moved) = (0, true); round < Rounds && moved; round++)
        {
            moved = false;
            foreach (var index in order)
            {
                var best = Enumerable.Range(0, Places.Length).MinBy(place => Harm(index, BoxOf(points[index].Name, marks[index], Places[place].Side, Places[place].Level)));
                moved |= best != places[index] || names[index] is null;
                (places[index], names[index]) = (best, BoxOf(points[index].Name, marks[index], Places[best].Side, Places[best].Level));
            }
        }
        return Array.ConvertAll(places, place => Places[place].Name);

        double Harm(int index, Box box) => 1000 * box.Outside + Struck * thin.Sum(box.Overlap)
            + Enumerable.Range(0, points.Count).Where(other => other != index).Sum(other => box.Overlap(marks[other]) + (names[other] is { } name ? box.Overlap(name) : 0));
    }

    private static Box PieceOf((double Across, double Up) from, (double Across, double Up) to, double share)
    {
        var (across, up) = ((from.Across + share * (to.Across - from.Across)) * Width, (1 - from.Up - share * (to.Up - from.Up)) * Height);
        return new Box(across - Bar, up - Bar, across + Bar, up + Bar);
    }

    private static Box BoxOf(string name, Box mark, int side, int level)
    {
        var width = Letter * name.Length;
        var middle = (mark.Left + mark.Right) / 2;
        var left = side switch { 0 => middle - width / 2, 1 => mark.Right, _ => mark.Left - width };
        var top = level switch { 0 => (mark.Top + mark.Bottom - Line) / 2, 1 => mark.Bottom, _ => mark.Top - Line };
        return new Box(left, top, left + width, top + Line);
    }
}
