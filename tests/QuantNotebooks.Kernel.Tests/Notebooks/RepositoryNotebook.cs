using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>The notebooks of the repository as files.</summary>
internal static class RepositoryNotebook
{
    /// <summary>Their paths from the root of the repository.</summary>
    public static string[] All { get; } =
    [
        .. Directory.GetFiles(Repository.PathOf("notebooks"), "*.ipynb", SearchOption.AllDirectories)
            .Where(path => !path.Contains(".ipynb_checkpoints", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of its cells of one kind, "code" or "markdown".</summary>
    public static IEnumerable<string> Cells(string notebook, string kind) =>
        from cell in JsonNode.Parse(File.ReadAllText(Repository.PathOf(notebook)))!["cells"]!.AsArray()
        where (string)cell!["cell_type"]! == kind
        select string.Concat(cell["source"]!.AsArray().Select(line => (string)line!));

    /// <summary>Runs a notebook in a process of its own, as a user starts it, from the root of the repository.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string notebook, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "quantnb.dll"), "run", notebook, "--out", folder])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await errors);
    }
}
