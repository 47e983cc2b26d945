using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

public sealed class NotebookRunnerTests
{
    [Fact]
    public async Task OutputsAreWhatNbformatAllows()
    {
        var (document, run) = await TestNotebook.ExecuteAsync(allowErrors: true,
            "# Title", "Console.WriteLine(1); Console.Error.Write(2); display(3); Console.Write(4); \"five\\nsix\"", "missing", "throw new Exception(\"x\");", "7");
        Assert.Equal(["stream", "stream", "display_data", "stream", "execute_result"], Types(document.Cells[1]));
        Assert.Equal(["five\n", "six"], document.Cells[1].Outputs[4]!["data"]!["text/plain"]!.AsArray().Select(line => line!.GetValue<string>()));
        Assert.Equal(["error"], Types(document.Cells[2]));
        Assert.Equal(["error"], Types(document.Cells[3]));
        Assert.Equal([2, 3], run.Failures.Select(failure => failure.Position));
        AssertValid(JsonNode.Parse(document.ToString())!);
    }

    [Fact]
    public async Task TheFirstErrorEndsTheRun()
    {
        var (document, run) = await TestNotebook.ExecuteAsync(allowErrors: false, "1", "throw new InvalidOperationException(\"boo\");", "3");
        Assert.Equal((2, 3, false), (run.Executed, run.Total, run.Interrupted));
        Assert.Equal("boo", Assert.Single(run.Failures).Error.Message);
        Assert.Equal([1, 2, null], document.Cells.Select(cell => cell.ExecutionCount));
        Assert.Empty(document.Cells[2].Outputs);
    }

    [Fact]
    public async Task ACellMarkedAsOneThatFailsIsNoFailure()
    {
        var document = NotebookDocument.Parse(TestNotebook.Json("throw new Exception();", "2")
            .Replace("\"metadata\":{},\"source\":\"throw", "\"metadata\":{\"tags\":[\"raises-exception\"]},\"source\":\"throw", StringComparison.Ordinal), "x.ipynb");
        var run = await new NotebookRunner(TextWriter.Null).RunAsync(document, new ScriptEngineOptions(), allowErrors: false, TestContext.Current.CancellationToken);
        Assert.Empty(run.Failures);
        Assert.Equal(2, run.Executed);
    }

    [Fact]
    public async Task AnUpdateReplacesTheOutputOfAnEarlierCell()
    {
        var (document, _) = await TestNotebook.ExecuteAsync(false, "var d = display(\"before\");", "d.Update(\"after\");");
        Assert.Equal("after", NotebookText.Read(Assert.Single(document.Cells[0].Outputs)!["data"]!["text/plain"]));
        Assert.Empty(document.Cells[1].Outputs);
    }

    [Theory]
    [InlineData("display(1)")]
    [InlineData("1.Display()")]
    public async Task WhatADisplayGivesIsNotShownBesideIt(string cell)
    {
        var (document, _) = await TestNotebook.ExecuteAsync(false, cell);
        Assert.Equal("display_data", Assert.Single(document.Cells[0].Outputs)!["output_type"]!.GetValue<string>());
    }

    [Fact]
    public async Task PlotlyComesOnceBeforeTheFirstChart()
    {
        var (document, _) = await TestNotebook.ExecuteAsync(false, "1", TestNotebook.Chart.Replace("ID", "a"), TestNotebook.Chart.Replace("ID", "b"));
        var html = document.Cells.SelectMany(cell => cell.Outputs).Select(output => NotebookText.Read(output!["data"]!["text/html"])).OfType<string>().ToList();
        Assert.Equal([true, false, false], html.Select(text => text.Length > 1_000_000));
        Assert.Contains(".call(window);</script>", html[0][^40..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInterruptKeepsWhatWasExecuted()
    {
        var document = NotebookDocument.Parse(TestNotebook.Json("1", "Console.Write(\"begun\"); while (true) { }", "3"), "x.ipynb");
        using var interrupt = new CancellationTokenSource();
        var progress = new StringWriter();
        var running = new NotebookRunner(TextWriter.Synchronized(progress)).RunAsync(document, new ScriptEngineOptions(), false, interrupt.Token);
        while (!progress.ToString().Contains("[2/3]", StringComparison.Ordinal)) await Task.Delay(5, TestContext.Current.CancellationToken);
        await interrupt.CancelAsync();
        var run = await running;
        Assert.True(run.Interrupted);
        Assert.Empty(run.Failures);
        Assert.Equal("1", NotebookText.Read(document.Cells[0].Outputs[0]!["data"]!["text/plain"]));
        Assert.Equal("Interrupted", document.Cells[1].Outputs[^1]!["ename"]!.GetValue<string>());
        Assert.Null(document.Cells[2].ExecutionCount);
        Assert.Contains("interrupted", progress.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Types(NotebookCell cell) => cell.Outputs.Select(output => output!["output_type"]!.GetValue<string>());

    // The rules of nbformat's schema 4.5 that concern what we write: required keys, no others, and their types.
    private static void AssertValid(JsonNode notebook)
    {
        AssertKeys(notebook, "cells", "metadata", "nbformat", "nbformat_minor");
        foreach (var cell in notebook["cells"]!.AsArray())
        {
            var isCode = cell!["cell_type"]!.GetValue<string>() == "code";
            AssertKeys(cell, isCode ? ["cell_type", "id", "metadata", "source", "outputs", "execution_count"] : ["cell_type", "id", "metadata", "source"]);
            Assert.Matches("^[a-zA-Z0-9-_]{1,64}$", cell["id"]!.GetValue<string>());
            if (isCode) Assert.All(cell["outputs"]!.AsArray(), AssertValidOutput);
        }
    }

    private static void AssertValidOutput(JsonNode? output)
    {
        switch (output!["output_type"]!.GetValue<string>())
        {
            case "stream":
                AssertKeys(output, "output_type", "name", "text");
                Assert.Contains(output["name"]!.GetValue<string>(), (string[])["stdout", "stderr"]);
                Assert.NotNull(NotebookText.Read(output["text"]));
                break;
            case "display_data":
                AssertKeys(output, "output_type", "data", "metadata");
                break;
            case "execute_result":
                AssertKeys(output, "output_type", "data", "metadata", "execution_count");
                break;
            default:
                AssertKeys(output, "output_type", "ename", "evalue", "traceback");
                Assert.All(output["traceback"]!.AsArray(), line => Assert.DoesNotContain('\n', line!.GetValue<string>()));
                break;
        }
        if (output["data"] is JsonObject data) Assert.All(data, entry => Assert.True(entry.Key.EndsWith("json", StringComparison.Ordinal) || NotebookText.Read(entry.Value) is not null));
    }

    private static void AssertKeys(JsonNode node, params string[] keys) => Assert.Equal(keys.Order(), node.AsObject().Select(entry => entry.Key).Order());
}
