using System.Reflection;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Session;

/// <summary>The session that notebooks get, headless and in Jupyter: the libraries of Quant Notebooks imported, display at hand.</summary>
internal static class NotebookEnvironment
{
    private static readonly string[] Imported =
    [
        "QuantNotebooks", "QuantNotebooks.Networks", "QuantNotebooks.Images", "QuantNotebooks.Quantization", "QuantNotebooks.Sweep",
        "QuantNotebooks.Shift", "QuantNotebooks.Sensitivity", "QuantNotebooks.Recommendation", "QuantNotebooks.Equalization", "QuantNotebooks.Correction", "QuantNotebooks.Evaluation", "QuantNotebooks.Pruning",
        "QuantNotebooks.Export", "QuantNotebooks.Training", "QuantNotebooks.Notebook", "QuantNotebooks.Notebook.Charts",
        "QuantNotebooks.Notebook.Frames", "QuantNotebooks.Notebook.Reports", "QuantNotebooks.Notebook.Hosting",
    ];

    // What notebooks use of the packages that QuantNotebooks.Notebook brings, whether or not it uses them itself.
    private static readonly string[] Libraries = ["Plotly.NET", "Plotly.NET.CSharp", "Deedle"];

    // What would mean two types in a cell that imports Plotly.NET and Deedle.
    private static readonly string[] Ambiguous = ["Frame = Deedle.Frame", "Chart = Plotly.NET.CSharp.Chart", "Index = System.Index", "Padding = QuantNotebooks.Images.Padding"];

    /// <summary>The options of a session whose notebook lies in a folder.</summary>
    /// <param name="notebookFolder">That folder; null for the current one.</param>
    /// <param name="preview">Whether cells may use the language's next version.</param>
    public static ScriptEngineOptions Options(string? notebookFolder, bool preview = false)
    {
        var notebook = typeof(NotebookDisplay).Assembly;
        Assembly[] assemblies = [notebook, .. Ours(notebook)];
        return new ScriptEngineOptions
        {
            Assemblies = [.. assemblies, .. Libraries.Select(Assembly.Load)],
            Imports = [.. Imported, typeof(NotebookDisplay).FullName!],
            Aliases = Ambiguous,
            BaseDirectory = notebookFolder,
            Preview = preview,
        };
    }

    private static IEnumerable<Assembly> Ours(Assembly notebook) => notebook.GetReferencedAssemblies()
        .Concat(typeof(NotebookEnvironment).Assembly.GetReferencedAssemblies())
        .Where(name => name.Name!.StartsWith("QuantNotebooks.", StringComparison.Ordinal))
        .Select(Assembly.Load).Distinct().Where(assembly => assembly != notebook);
}
