using System.Diagnostics;
using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Browser;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>The kernel and its notebooks in the hands of Jupyter's own tools, as Debian packages them.</summary>
[Collection(nameof(Browser.Browser))]
public sealed partial class PythonToolsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public PythonToolsTests() => KernelSpec.Install(folder.File("kernels"), KernelIdentity.Name);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TheKernelPassesJupytersOwnTests()
    {
        var python = Installed.RequirePython("jupyter_kernel_test");
        var (exitCode, output) = await RunAsync(python, Repository.PathOf("tests", "Jupyter", "test_protocol.py"));
        Assert.True(exitCode == 0, output);
        Assert.Equal("12", Count().Match(output).Groups[1].Value);
        Assert.DoesNotContain("skipped", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NbconvertRunsANotebook()
    {
        var python = Installed.RequirePython("nbconvert", "nbclient", "jupyter_client");
        var document = NotebookDocument.Parse(TestNotebook.Json("# Title", "var x = 40;", "Console.WriteLine(\"text\"); x + 2"), "x.ipynb");
        document.SetKernel();
        document.Write(folder.File("x.ipynb"));
        var (exitCode, output) = await RunAsync(python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "executed.ipynb", folder.File("x.ipynb"));
        Assert.True(exitCode == 0, output);
        var outputs = NotebookDocument.Read(folder.File("executed.ipynb")).Cells[2].Outputs;
        Assert.Equal(["stream", "execute_result"], outputs.Select(one => one!["output_type"]!.GetValue<string>()));
        Assert.Equal("42", NotebookText.Read(outputs[1]!["data"]!["text/plain"]));
    }

    [Fact]
    public async Task NbconvertSaysInWhichCellTheKernelDied()
    {
        var python = Installed.RequirePython("nbconvert", "nbclient", "jupyter_client");
        var document = NotebookDocument.Parse(TestNotebook.Json("# Title", "1 + 1", "// dies\ntypeof(Environment).GetMethod(\"FailFast\", [typeof(string)]).Invoke(null, [\"no way out\"]);"), "x.ipynb");
        document.SetKernel();
        document.Write(folder.File("x.ipynb"));
        var (exitCode, output) = await RunAsync(python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "executed.ipynb", folder.File("x.ipynb"));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("no way out", output, StringComparison.Ordinal);
        Assert.Contains("quantnb: the kernel died while it ran cell [2] // dies", output, StringComparison.Ordinal);
        Assert.Contains("DeadKernelError", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheRunnerWritesIsValid()
    {
        var python = Installed.RequirePython("nbformat");
        var (document, _) = await TestNotebook.ExecuteAsync(allowErrors: true, "# T", "Console.WriteLine(1); Console.Error.WriteLine(2); 3", TestNotebook.Chart,
            "display(JSON(new { a = 1 })); var d = display(\"a\"); d.Update(\"b\");", "throw new Exception(\"boo\");", "not C#");
        document.Write(folder.File("x.ipynb"));
        var (exitCode, output) = await RunAsync(python, "-c", "import sys, nbformat; nbformat.validate(nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT))", folder.File("x.ipynb"));
        Assert.True(exitCode == 0, output);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { WorkingDirectory = folder.Path };
        foreach (var name in (string[])["JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]) start.Environment[name] = folder.Path;
        var run = await ProgramRun.OfAsync(start);
        return (run.ExitCode, run.Output + run.Error);
    }

    [GeneratedRegex(@"Ran (\d+) tests")]
    private static partial Regex Count();
}
