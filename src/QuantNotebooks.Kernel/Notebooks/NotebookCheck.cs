using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>A code cell whose outputs are of other kinds than the stored ones.</summary>
/// <param name="Position">Which of the notebook's code cells, from 1.</param>
/// <param name="Stored">The kinds that the file holds.</param>
/// <param name="Now">The kinds that came of the execution.</param>
internal sealed record CellDifference(int Position, string Stored, string Now);

/// <summary>
/// Compares a notebook's outputs before and after an execution by kind: the streams written to, the MIME types of each display and value in
/// order, and whether the cell failed. Numbers, texts and pictures may differ. Made before the execution, for that replaces the outputs.
/// </summary>
internal sealed class NotebookCheck
{
    private const string Nothing = "nothing";

    private const string ErrorKind = "error";

    private readonly List<(NotebookCell Cell, string Stored)> _cells;

    private NotebookCheck(List<(NotebookCell Cell, string Stored)> cells) => _cells = cells;

    /// <summary>Remembers the stored outputs.</summary>
    /// <param name="document">The notebook as it was read.</param>
    /// <param name="path">What errors call it.</param>
    /// <exception cref="NotebookFileException">The notebook was stored without outputs, so that nothing could differ.</exception>
    public static NotebookCheck Before(NotebookDocument document, string path)
    {
        var cells = document.Cells.Where(cell => cell.Kind == CellKind.Code).ToList();
        if (cells.All(cell => cell.Outputs.Count == 0 && cell.ExecutionCount is null))
            throw new NotebookFileException(path, "has no stored outputs to compare with; execute it and store it with them first");
        return new NotebookCheck(cells.ConvertAll(cell => (cell, KindsOf(cell))));
    }

    /// <summary>The cells whose outputs are of other kinds now.</summary>
    public IReadOnlyList<CellDifference> Differences() =>
    [
        .. _cells.Select((entry, index) => new CellDifference(index + 1, entry.Stored, KindsOf(entry.Cell))).Where(cell => cell.Stored != cell.Now),
    ];

    /// <summary>The kinds of a cell's outputs, in words.</summary>
    // How text is cut into stream outputs, and how the two streams interleave, is a matter of time.
    public static string KindsOf(NotebookCell cell)
    {
        var streams = new SortedSet<string>(StringComparer.Ordinal);
        var displays = new List<string>();
        var failed = false;
        foreach (var output in cell.Outputs.OfType<JsonObject>().Where(output => !NotebookOutputs.IsPlotly(output)))
        {
            switch (NotebookText.Read(output["output_type"]))
            {
                case "stream":
                    streams.Add(NotebookText.Read(output["name"]) ?? "stdout");
                    break;
                case ErrorKind:
                    failed = true;
                    break;
                default:
                    displays.Add(string.Join('+', (output["data"] as JsonObject ?? []).Select(part => part.Key).Order(StringComparer.Ordinal)));
                    break;
            }
        }
        string[] kinds = [.. streams, .. displays, .. failed ? [ErrorKind] : Array.Empty<string>()];
        return kinds.Length == 0 ? Nothing : string.Join(", ", kinds);
    }
}
