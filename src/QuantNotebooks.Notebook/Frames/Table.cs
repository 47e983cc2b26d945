using System.Collections.Immutable;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>A table as text, before anybody decides between HTML and a terminal. Immutable.</summary>
/// <param name="Columns">The columns, left to right.</param>
/// <param name="Rows">The rows, top to bottom, a cell a column; null marks the place where rows were left out.</param>
/// <param name="HiddenRows">How many rows were left out.</param>
/// <param name="HiddenColumns">How many columns were left out, where the column "…" stands.</param>
internal sealed record Table(ImmutableArray<TableColumn> Columns, ImmutableArray<ImmutableArray<TableCell>?> Rows, int HiddenRows = 0, int HiddenColumns = 0)
{
    /// <summary>What stands where rows were left out.</summary>
    public string HiddenRowsText => $"… {Text.NumberText.Count(HiddenRows, "more row")}";
}

/// <summary>A column's heading.</summary>
/// <param name="Title">The heading.</param>
/// <param name="IsNumeric">Whether its cells stand at the right edge.</param>
internal sealed record TableColumn(string Title, bool IsNumeric);

/// <summary>One cell.</summary>
/// <param name="Text">What is shown; not escaped.</param>
/// <param name="Number">The exact number to sort by, or null for text.</param>
/// <param name="Full">What the text is short for, or null.</param>
internal readonly record struct TableCell(string Text, double? Number = null, string? Full = null);
