using System.Collections.Immutable;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>A table as text, before anybody decides between HTML, Markdown and a terminal. Immutable.</summary>
/// <param name="Columns">The columns, left to right.</param>
/// <param name="Rows">The rows, top to bottom, a cell a column.</param>
/// <param name="MissingRows">How many rows were left out, behind the first <see cref="FirstKept"/>.</param>
/// <param name="MissingColumns">How many columns were left out, where the column "…" stands.</param>
internal sealed record Table(ImmutableArray<TableColumn> Columns, ImmutableArray<ImmutableArray<TableCell>> Rows, int MissingRows = 0, int MissingColumns = 0)
{
    /// <summary>What is said below the table, or null.</summary>
    public string? Footnote { get; init; }

    /// <summary>Rows that a long table shows from its beginning.</summary>
    public const int FirstKept = 20;

    /// <summary>Rows that a long table shows from its end.</summary>
    public const int LastKept = 5;

    /// <summary>What stands where rows are not shown.</summary>
    public static string GapText(int rows) => $"… {Text.NumberText.Count(rows, "more row")}";
}

/// <summary>A column's heading.</summary>
/// <param name="Title">The heading.</param>
/// <param name="IsNumeric">Whether its cells stand at the right edge and sort as numbers.</param>
/// <param name="About">What it holds and in which unit, or null.</param>
/// <param name="IsSecondary">Whether it may stay out of sight until somebody asks for it.</param>
/// <param name="IsRowNumber">Whether it only numbers the rows: copies leave it out.</param>
internal sealed record TableColumn(string Title, bool IsNumeric, string? About = null, bool IsSecondary = false, bool IsRowNumber = false)
{
    /// <summary>What copies call the column where the heading says it in other words; null where they call it by its heading.</summary>
    public string? Name { get; init; }
}

/// <summary>One cell.</summary>
/// <param name="Text">What is shown; not escaped.</param>
/// <param name="Exact">What copies and sorting take instead: all digits, all names; null where it is the text.</param>
internal readonly record struct TableCell(string Text, string? Exact = null)
{
    /// <summary>The value in full.</summary>
    public string Value => Exact ?? Text;
}
