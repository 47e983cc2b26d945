using System.Globalization;
using Microsoft.CodeAnalysis.CSharp;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>
/// Values from outside for a notebook, by papermill's convention: a cell is put after the one tagged <c>parameters</c>, which holds the usual
/// values, or before all others where none is; a cell put there earlier is replaced.
/// </summary>
internal static class NotebookParameters
{
    private const string Tag = "parameters";

    private const string InjectedTag = "injected-parameters";

    /// <summary>Reads <c>name=value</c>; false where the name is no C# variable's.</summary>
    public static bool TryParse(string text, out (string Name, string Value) parameter)
    {
        var end = text.IndexOf('=', StringComparison.Ordinal);
        parameter = end < 0 ? default : (text[..end], text[(end + 1)..]);
        return end > 0 && CellSyntax.IsVariableName(parameter.Name);
    }

    /// <summary>Puts the cell into the notebook; nothing where there are no parameters.</summary>
    /// <returns>What is wrong: a name that the notebook does not declare where it declares its parameters. Null where all is right.</returns>
    public static string? Inject(NotebookDocument document, IReadOnlyList<(string Name, string Value)> parameters)
    {
        if (parameters.Count == 0) return null;
        foreach (var earlier in document.Cells.Where(cell => cell.HasTag(InjectedTag)).ToList()) document.Remove(earlier);
        var place = document.Cells.ToList().FindIndex(cell => cell.Kind == CellKind.Code && cell.HasTag(Tag)) + 1;
        if (place > 0)
        {
            var known = document.Cells.Take(place).Where(cell => cell.Kind == CellKind.Code).SelectMany(cell => CellSyntax.DeclaredVariables(cell.Source)).ToList();
            if (parameters.FirstOrDefault(parameter => !known.Contains(parameter.Name)).Name is { } unknown)
                return $"{NearestName.Unknown("parameter", unknown, known)} (the cell tagged '{Tag}' has {Names(document.Cells[place - 1])})";
        }
        // Assigned where the notebook declares them, so that they keep the types it gave them.
        var declaration = place > 0 ? "" : "var ";
        var code = string.Join('\n', parameters.Select(parameter => $"{declaration}{parameter.Name} = {Literal(parameter.Value)};"));
        document.InsertCode(place, code, InjectedTag);
        return null;
    }

    private static string Names(NotebookCell cell) => CellSyntax.DeclaredVariables(cell.Source) is { Count: > 0 } names ? string.Join(", ", names) : "no variable";

    // A number or a truth value as it is, all else as a string.
    private static string Literal(string value) =>
        value is "true" or "false" or "null" || double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out _) ? value : SymbolDisplay.FormatLiteral(value, quote: true);
}
