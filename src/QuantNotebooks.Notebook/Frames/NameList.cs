using System.Collections.Immutable;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Names in one cell of a frame: shown in the width of a cell, kept in full. Immutable.</summary>
/// <param name="Names">All of them.</param>
public sealed record NameList(ImmutableArray<string> Names)
{
    /// <summary>All names.</summary>
    public string Full => string.Join(", ", Names);

    /// <summary>The first name and how many more there are; at most one in full.</summary>
    public override string ToString() => Names.Length <= 1 ? Full : $"{Names[0]} and {NumberText.Count(Names.Length - 1)} more";
}
