using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>Shows the compiler's warnings, each once in a session. Not thread safe.</summary>
internal sealed class CellWarnings
{
    // Of annotations such as string? where nullable is off; of names without capitals; of versions that the runtime unifies.
    private static readonly HashSet<string> Unwanted = ["CS8632", "CS8981", "CS1701", "CS1702", "CS1705"];

    private readonly HashSet<(string Id, string Message)> shown = [];

    /// <summary>Writes those that are new to standard error.</summary>
    public void Write(IEnumerable<CellDiagnostic> warnings, INotebookOutput output)
    {
        foreach (var warning in warnings)
        {
            if (Unwanted.Contains(warning.Id) || !shown.Add((warning.Id, warning.Message))) continue;
            output.Write(OutputStream.Error, $"({warning.Line},{warning.Column}): warning {warning.Id}: {warning.Message}\n");
        }
    }
}
