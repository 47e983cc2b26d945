using System.Diagnostics;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>Running a notebook changes the process's current directory, so nothing else runs beside these tests.</summary>
[CollectionDefinition(nameof(RunCommandTests), DisableParallelization = true)]
[Collection(nameof(RunCommandTests))]
public sealed class RunCommandTests
{
    [Fact]
    public async Task PathsBeginAtTheNotebookAsInJupyter()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("study"));
        folder.Write("study/data.txt", "found");
        var notebook = folder.Write("study/reads.ipynb", TestNotebook.Json("File.ReadAllText(\"data.txt\")"));
        var before = Directory.GetCurrentDirectory();
        var (exitCode, _, error) = await InvokeAsync("run", notebook, "--out", folder.Path + "/o");
        Assert.True(exitCode == 0, error);
        Assert.Equal(before, Directory.GetCurrentDirectory());
    }

    [Fact]
    public async Task AGoodNotebookGivesBothFilesAndTheirPaths()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("good.ipynb", TestNotebook.Json("# Hello", "1 + 1"));
        var (exitCode, output, error) = await InvokeAsync("run", notebook, "--out", folder.File("results"));
        Assert.Equal(0, exitCode);
        string[] files = [folder.File("results/good.ipynb"), folder.File("results/good.html")];
        Assert.Equal(files, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("2", NotebookText.Read(NotebookDocument.Read(files[0]).Cells[1].Outputs[0]!["data"]!["text/plain"]));
        Assert.Contains("<title>Hello</title>", await File.ReadAllTextAsync(files[1], TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Matches(@"^\[1/1\] 1 \+ 1 … \d+\.\d s\n$", error);
    }

    [Fact]
    public async Task APolyglotNotebookIsRunAsItIs()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("old.dib", "#!markdown\n# Old\n#!csharp\nvar x = 40;\n#!fsharp\nlet y = 1\n#!html\n<i>h</i>\n#!csharp\nx + 2");
        var (exitCode, output, error) = await InvokeAsync("run", notebook, "--out", folder.File("o"));
        Assert.Equal((0, $"{folder.File("o/old.ipynb")}\n{folder.File("o/old.html")}\n"), (exitCode, output));
        Assert.Contains("[3/3] x + 2", error, StringComparison.Ordinal);
        Assert.Equal("42", NotebookText.Read(NotebookDocument.Read(folder.File("o/old.ipynb")).Cells[4].Outputs[0]!["data"]!["text/plain"]));
        var html = await File.ReadAllTextAsync(folder.File("o/old.html"), TestContext.Current.CancellationToken);
        Assert.Contains("<strong>Not run:</strong> this cell is written in fsharp", html, StringComparison.Ordinal);
        Assert.Contains("<i>h</i>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailedCellIsNamedAndTheFilesAreWritten()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("bad.ipynb", TestNotebook.Json("1", "throw new InvalidOperationException(\"boo\");", "3"));
        var (exitCode, _, error) = await InvokeAsync("run", notebook, "--out", folder.Path + "/o");
        Assert.Equal(1, exitCode);
        Assert.EndsWith("code cell 2 failed: System.InvalidOperationException: boo\n", error, StringComparison.Ordinal);
        Assert.DoesNotContain("[3/3]", error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("o/bad.html")));

        // As nbconvert --allow-errors.
        (exitCode, _, error) = await InvokeAsync("run", notebook, "--out", folder.Path + "/o", "--allow-errors");
        Assert.Equal(0, exitCode);
        Assert.Contains("[3/3]", error, StringComparison.Ordinal);
        Assert.EndsWith("code cell 2 failed: System.InvalidOperationException: boo\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACellThatTakesTooLongHasFailed()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("long.ipynb", TestNotebook.Json("1", "while (true) { }", "3"));
        var (exitCode, _, error) = await InvokeAsync("run", notebook, "--out", folder.Path + "/o", "--timeout", "4", "--allow-errors");
        Assert.Equal(0, exitCode);
        Assert.Contains("stopped by the timeout", error, StringComparison.Ordinal);
        Assert.Contains("[3/3]", error, StringComparison.Ordinal);
        Assert.Contains("longer than 4 s", await File.ReadAllTextAsync(folder.File("o/long.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var wrong in new[] { "0", "-1", "x", "5s", "NaN", "1e9", "" })
        {
            var refused = await InvokeAsync("run", notebook, "--timeout", wrong);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains("--timeout must be a number of seconds above 0", refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ParametersReplaceTheUsualValues()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("p.ipynb", TestNotebook.Json("double x = 1; var name = \"usual\";", "$\"{x / 2} {name}\"")
            .Replace("\"metadata\":{},\"source\":\"double", "\"metadata\":{\"tags\":[\"parameters\"]},\"source\":\"double", StringComparison.Ordinal));
        foreach (var (path, x) in ((string, string)[])[(notebook, "3"), (folder.File("o/p.ipynb"), "5")])
        {
            var (exitCode, _, error) = await InvokeAsync("run", path, "--out", folder.File("o"), "--parameter", "x=" + x, "--parameter", "name=a \"b\"");
            Assert.True(exitCode == 0, error);
        }
        var cells = NotebookDocument.Read(folder.File("o/p.ipynb")).Cells;
        Assert.Equal(3, cells.Count);
        Assert.Equal("2.5 a \"b\"", NotebookText.Read(cells[2].Outputs[0]!["data"]!["text/plain"]));
        Assert.Equal(2, (await InvokeAsync("run", notebook, "--parameter", "1x=3")).ExitCode);
    }

    [Theory]
    [InlineData("double learningRate = 1; string name = null;", "learnigRate", "unknown parameter 'learnigRate'; did you mean 'learningRate'? (the cell tagged 'parameters' has learningRate, name)")]
    [InlineData("var (a, b) = (1, 2); int.TryParse(\"3\", out var c); int D { get; set; }", "x", "unknown parameter 'x'; did you mean 'a'? (the cell tagged 'parameters' has a, b, c, D)")]
    [InlineData("// none yet", "alpha", "unknown parameter 'alpha' (the cell tagged 'parameters' has no variable)")]
    public async Task AParameterThatTheNotebookDoesNotHaveIsNamedBeforeAnythingRuns(string cell, string name, string message)
    {
        using var folder = new TemporaryFolder();
        var document = System.Text.Json.Nodes.JsonNode.Parse(TestNotebook.Json("File.WriteAllText(\"ran\", \"\")", cell))!;
        document["cells"]![1]!["metadata"]!["tags"] = new System.Text.Json.Nodes.JsonArray("parameters");
        var notebook = folder.Write("p.ipynb", document.ToJsonString());
        var (exitCode, output, error) = await InvokeAsync("run", notebook, "--out", folder.File("o"), "--parameter", name + "=3");
        Assert.Equal((2, "", $"quantnb: {notebook}: {message}\nTry 'quantnb run --help'.\n"), (exitCode, output, error));
        Assert.False(File.Exists(folder.File("ran")));
    }

    [Fact]
    public async Task AParameterMayBeDeclaredBeforeTheCellOfParameters()
    {
        using var folder = new TemporaryFolder();
        var document = System.Text.Json.Nodes.JsonNode.Parse(TestNotebook.Json("int x = 1;", "x = 2;", "x + 1"))!;
        document["cells"]![1]!["metadata"]!["tags"] = new System.Text.Json.Nodes.JsonArray("parameters");
        var (exitCode, _, error) = await InvokeAsync("run", folder.Write("p.ipynb", document.ToJsonString()), "--out", folder.File("o"), "--parameter", "x=3");
        Assert.True(exitCode == 0, error);
        Assert.Equal("4", NotebookText.Read(NotebookDocument.Read(folder.File("o/p.ipynb")).Cells[3].Outputs[0]!["data"]!["text/plain"]));
    }

    [Fact]
    public async Task AnErrorOfOurOwnIsItsMessageAlone()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("own.ipynb", TestNotebook.Json("Network.Load(\"none.onnx\")"));
        var (exitCode, _, error) = await InvokeAsync("run", notebook, "--out", folder.File("o"));
        Assert.Equal(1, exitCode);
        Assert.Matches("code cell 1 failed: [^:]*none.onnx", error);
        Assert.DoesNotContain("Exception", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InPlaceOutputsAreStoredWithoutPlotlyAndCheckOut()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("n.ipynb", TestNotebook.Json("1 + 1", TestNotebook.Chart));
        var (exitCode, _, error) = await InvokeAsync("run", path, "--inplace");
        Assert.True(exitCode == 0, error);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
        var stored = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.InRange(stored.Length, 1_000, 200_000);
        Assert.Equal("2", NotebookText.Read(NotebookDocument.Read(path).Cells[0].Outputs[0]!["data"]!["text/plain"]));
        Assert.Equal(0, (await InvokeAsync("run", path, "--check")).ExitCode);
    }

    [Fact]
    public async Task InPlaceAFailedRunLeavesTheFileAsItWas()
    {
        using var folder = new TemporaryFolder();
        var text = TestNotebook.Json("1", "throw new Exception();");
        var path = folder.Write("n.ipynb", text);
        Assert.Equal(1, (await InvokeAsync("run", path, "--inplace")).ExitCode);
        Assert.Equal(text, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(2, (await InvokeAsync("run", path, "--inplace", "--out", folder.File("o"))).ExitCode);
        Assert.Equal(2, (await InvokeAsync("run", path, "--inplace", "--check")).ExitCode);
        Assert.Equal(2, (await InvokeAsync("run", folder.Write("old.dib", "1"), "--inplace")).ExitCode);
    }

    [Fact]
    public async Task ACheckComparesKindsOfOutputsAndWritesNothing()
    {
        using var folder = new TemporaryFolder();
        string[] cells = ["var n = DateTime.Now.Ticks;", "Console.WriteLine(n); display(n); HTML($\"<b>{n}</b>\")", "throw new Exception($\"{n}\");", TestNotebook.Chart];
        await InvokeAsync("run", folder.Write("n.ipynb", TestNotebook.Json(cells)), "--out", folder.File("o"), "--allow-errors");
        var path = folder.File("o/n.ipynb");
        var stored = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        File.Delete(folder.File("o/n.html"));

        var (exitCode, output, error) = await InvokeAsync("run", path, "--check");
        Assert.True(exitCode == 0, output + error);
        Assert.Equal(stored, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal([path], Directory.GetFiles(folder.File("o")));
    }

    [Theory]
    [InlineData("1", "Console.Error.Write(1);", "stored text/plain; now stderr")]
    [InlineData("1", "var x = 1;", "stored text/plain; now nothing")]
    [InlineData("1", "throw new Exception();", "stored text/plain; now error")]
    [InlineData("throw new Exception();", "1", "stored error; now text/plain")]
    [InlineData("Console.Write(1); display(1); 2", "Console.Write(1); HTML(\"1\")", "stored stdout, text/plain, text/plain; now stdout, text/html+text/plain")]
    public async Task ACheckNamesTheCellThatDiffersAndHow(string before, string now, string difference)
    {
        using var folder = new TemporaryFolder();
        await InvokeAsync("run", folder.Write("n.ipynb", TestNotebook.Json("7", before, "8")), "--out", folder.File("o"), "--allow-errors");
        var document = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(folder.File("o/n.ipynb"), TestContext.Current.CancellationToken))!;
        document["cells"]![1]!["source"] = now;
        var path = folder.Write("o/n.ipynb", document.ToJsonString());
        var (exitCode, output, _) = await InvokeAsync("run", path, "--check");
        Assert.Equal((1, $"{path}: code cell 2 differs: {difference}\n"), (exitCode, output));
    }

    [Fact]
    public async Task ACheckNeedsStoredOutputsAndNoFolder()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("n.ipynb", TestNotebook.Json("1"));
        var (exitCode, _, error) = await InvokeAsync("run", notebook, "--check");
        Assert.Equal(1, exitCode);
        Assert.Contains("n.ipynb: has no stored outputs", error, StringComparison.Ordinal);
        Assert.Equal(2, (await InvokeAsync("run", notebook, "--check", "--out", folder.Path)).ExitCode);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"nbformat\": 4, \"cells\": [], \"metadata\": {\"kernelspec\": {\"language\": \"python\"}}}")]
    public async Task ABrokenNotebookIsOneLine(string text)
    {
        using var folder = new TemporaryFolder();
        var (exitCode, output, error) = await InvokeAsync("run", folder.Write("x.ipynb", text), "--out", folder.Path);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("x.ipynb", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "rnu" }, "unknown command 'rnu'; did you mean 'run'?")]
    [InlineData(new[] { "run", "--alow-errors", "x.ipynb" }, "unknown option '--alow-errors'; did you mean '--allow-errors'?")]
    [InlineData(new[] { "run", "--xyzzy=3", "x.ipynb" }, "unknown option '--xyzzy'")]
    [InlineData(new[] { "run" }, "NOTEBOOK is missing: ")]
    [InlineData(new[] { "run", "a/x.ipynb", "b/x.ipynb" }, "'x'")]
    [InlineData(new string[0], "a command is missing: ")]
    public async Task WrongUsageIsExplained(string[] arguments, string message)
    {
        var (exitCode, output, error) = await InvokeAsync(arguments);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(message, error.Split('\n')[0], StringComparison.Ordinal);
        Assert.Equal(2, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task CtrlCWritesWhatWasExecutedAndExits130()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals are sent with kill");
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("long.ipynb", TestNotebook.Json("\"first\"", "while (true) { }"));
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(RunCommand).Assembly.Location, "run", notebook, "--out", folder.Path + "/o"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        var token = TestContext.Current.CancellationToken;
        var buffer = new char[256];
        var seen = "";
        while (!seen.Contains("[2/2]", StringComparison.Ordinal))
        {
            var count = await process.StandardError.ReadAsync(buffer, token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), token);
            Assert.NotEqual(0, count);
            seen += new string(buffer, 0, count);
        }
        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(token);
        await process.WaitForExitAsync(token).WaitAsync(TimeSpan.FromSeconds(20), token);
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("first", await File.ReadAllTextAsync(folder.File("o/long.ipynb"), token), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("o/long.html")));
    }

    private static async Task<(int ExitCode, string Output, string Error)> InvokeAsync(params string[] arguments)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        var exitCode = await QuantnbCommand.InvokeAsync(arguments, output, error, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }
}
