using QuantNotebooks.Networks;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// Where the nodes of a network are drawn: by depth from left to right, in rows like lines of text, so that deep networks keep their names readable; branches
/// stand below one another.
/// </summary>
internal sealed class GraphLayout
{
    private const int MostColumns = 8;
    private const double LaneHeight = 1.25;
    private const double SpaceAbove = 0.85;
    private const double SpaceBelow = 0.95;

    private readonly NetworkGraph _graph;
    private readonly double[] _tops;
    private readonly int[] _lanes;

    public GraphLayout(NetworkGraph graph)
    {
        _graph = graph;
        var levels = 1 + graph.Nodes.Select(node => node.Depth).DefaultIfEmpty(0).Max();
        var rows = (levels + MostColumns - 1) / MostColumns;
        Columns = (levels + rows - 1) / rows;
        _lanes = Lanes(graph);
        _tops = new double[rows + 1];
        for (var row = 0; row < rows; row++)
        {
            var lanes = Enumerable.Range(0, graph.Nodes.Length).Where(node => Row(node) == row).Select(node => _lanes[node]).DefaultIfEmpty(0).Max();
            _tops[row + 1] = _tops[row] - SpaceAbove - lanes * LaneHeight - SpaceBelow;
        }
    }

    /// <summary>Nodes in a row at most.</summary>
    public int Columns { get; }

    /// <summary>Height of all rows; a node with its name needs about one.</summary>
    public double Height => -_tops[^1];

    /// <summary>The node's place; y grows upwards, from 0 at the top to -<see cref="Height"/>.</summary>
    public (double X, double Y) Place(int node) => (_graph.Nodes[node].Depth % Columns, Top(node) - SpaceAbove - _lanes[node] * LaneHeight);

    /// <summary>The corners of a line from one node to another, and whether it runs on in another row.</summary>
    public (IReadOnlyList<(double X, double Y)> Corners, bool Wraps) Path(GraphEdge edge)
    {
        var (from, to) = (Place(edge.From), Place(edge.To));
        var span = _graph.Nodes[edge.To].Depth - _graph.Nodes[edge.From].Depth;
        var (aboveFrom, aboveTo) = (Top(edge.From) - 0.28, Top(edge.To) - 0.28);
        List<(double, double)> corners = [from];
        if (Row(edge.From) == Row(edge.To))
        {
            // Between two columns, where no names stand, lines go up and down.
            if (span > 1) corners.AddRange([.. Rise(edge.From, aboveFrom), .. Descent(edge.To, aboveTo)]);
            else if (from.Y != to.Y) corners.AddRange([(from.X + 0.5, from.Y), (from.X + 0.5, to.Y)]);
            return ([.. corners, to], false);
        }
        // Round the right end of the row and, between the rows, back to the left.
        var (right, left) = (Columns - 0.45, -0.55);
        var between = Top(edge.To) + 0.08;
        if (from.X + 1 < Columns) corners.AddRange([.. Rise(edge.From, aboveFrom), (right, aboveFrom)]);
        else corners.Add((right, from.Y));
        corners.AddRange([(right, between), (left, between)]);
        if (to.X >= 1) corners.AddRange([(left, aboveTo), .. Descent(edge.To, aboveTo)]);
        else corners.Add((left, to.Y));
        return ([.. corners, to], true);
    }

    private (double X, double Y)[] Rise(int node, double above) =>
        Place(node) is var place && _lanes[node] == 0 ? [(place.X + 0.4, above)] : [(place.X + 0.5, place.Y), (place.X + 0.5, above)];

    private (double X, double Y)[] Descent(int node, double above) =>
        Place(node) is var place && _lanes[node] == 0 ? [(place.X - 0.4, above)] : [(place.X - 0.5, above), (place.X - 0.5, place.Y)];

    private int Row(int node) => _graph.Nodes[node].Depth / Columns;

    private double Top(int node) => _tops[Row(node)];

    // Each node takes the free lane that is nearest to what it reads: a chain stays straight, and a branch keeps its lane.
    private static int[] Lanes(NetworkGraph graph)
    {
        var lanes = new int[graph.Nodes.Length];
        var readers = graph.Edges.ToLookup(edge => edge.To, edge => edge.From);
        foreach (var level in Enumerable.Range(0, lanes.Length).GroupBy(node => graph.Nodes[node].Depth).OrderBy(level => level.Key))
        {
            var taken = new HashSet<int>();
            foreach (var node in level.OrderBy(Wanted).ThenBy(node => node))
            {
                var lane = (int)Math.Floor(Wanted(node));
                while (!taken.Add(lane)) lane++;
                lanes[node] = lane;
            }
        }
        return lanes;

        double Wanted(int node) => readers[node].Any() ? readers[node].Average(from => lanes[from]) : 0;
    }
}
