using System.Diagnostics;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>Console.ForegroundColor and its kind, in processes of their own: colours are a process's.</summary>
public sealed class ConsoleColourTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Codes of ECMA-48: 30 to 37 and 90 to 97 are black, red, green, yellow, blue, magenta, cyan, white; 40 and 100 the backgrounds.
    [Fact]
    public async Task ColoursOfTheConsoleReachTheClient()
    {
        var connection = JupyterClient.NewConnectionFile();
        using var process = Start("jupyter", "kernel", folder.Write("connection.json", connection));
        using var client = new JupyterClient(connection);
        Assert.Equal("\u001b[91mred\u001b[0m\nplain\n", Text("Console.ForegroundColor = ConsoleColor.Red; Console.WriteLine(\"red\"); Console.ResetColor(); Console.WriteLine(\"plain\");"));
        Assert.Equal("\u001b[34;103ma\u001b[0m\u001b[34;103mb\u001b[0m", Text("Console.ForegroundColor = ConsoleColor.DarkBlue; Console.BackgroundColor = ConsoleColor.Yellow; Console.Write('a'); Console.Write(\"b\");"));
        // Each cell begins without.
        Assert.Equal("c\n", Text("Console.WriteLine(\"c\");"));
        Assert.Equal("\u001b[32me\u001b[0m\n", Text("Console.ForegroundColor = ConsoleColor.DarkGreen; Console.Error.WriteLine(\"e\");"));
        client.Send(client.Control, "shutdown_request", new() { ["restart"] = false });
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        string Text(string code) => string.Concat(client.Execute(code).Outputs.Where(output => output.Type == "stream").Select(output => output.Text("text")));
    }

    [Fact]
    public async Task ColoursOfTheConsoleAreOnThePage()
    {
        var notebook = folder.Write("x.ipynb", TestNotebook.Json("Console.ForegroundColor = ConsoleColor.DarkRed; Console.WriteLine(\"red\");"));
        using var process = Start("run", notebook, "--out", folder.File("o"));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var html = await File.ReadAllTextAsync(Path.Combine(folder.File("o"), "x.html"), TestContext.Current.CancellationToken);
        Assert.Contains("<span class=\"a1\">red</span>", html, StringComparison.Ordinal);
        Assert.Contains(".a1,", html, StringComparison.Ordinal);
    }

    private static Process Start(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ExitCode).Assembly.Location, .. words]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment.Remove("TERM"); // what is known of a terminal has no say in it
        return Process.Start(start)!;
    }
}
