using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class ExecutionTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Fact]
    public void TheKernelSaysWhatItIs()
    {
        var reply = client.Request("kernel_info_request", []);
        Assert.Equal("ok", reply.Text("status"));
        Assert.Equal("5.3", reply.Text("protocol_version"));
        Assert.Equal(("C#", ".cs"), (reply.Content["language_info"]!["name"]!.GetValue<string>(), reply.Content["language_info"]!["file_extension"]!.GetValue<string>()));
    }

    [Fact]
    public void ACellIsFramedByBusyAndIdleAndEchoed()
    {
        var (reply, outputs) = client.Execute("Console.Write(\"out\"); Console.Error.Write(\"err\"); Console.Write(\"more\"); 6 * 7");
        Assert.Equal(["status", "execute_input", "stream", "stream", "stream", "execute_result", "status"], outputs.Select(output => output.Type));
        Assert.Equal(["busy", "idle"], outputs.Where(output => output.Type == "status").Select(output => output.Text("execution_state")));
        Assert.Equal(["stdout:out", "stderr:err", "stdout:more"], outputs.Where(output => output.Type == "stream").Select(output => output.Text("name") + ":" + output.Text("text")));
        Assert.Equal("42", outputs[5].Content["data"]!["text/plain"]!.GetValue<string>());
        Assert.Equal(reply.Content["execution_count"]!.GetValue<int>(), outputs[1].Content["execution_count"]!.GetValue<int>());
        Assert.Equal(reply.Content["execution_count"]!.GetValue<int>(), outputs[5].Content["execution_count"]!.GetValue<int>());
    }

    [Fact]
    public void ASilentCellShowsNoValueAndTakesNoNumber()
    {
        var before = Count();
        var (reply, outputs) = client.Execute("var silent = 5; silent", silent: true);
        Assert.Equal("ok", reply.Text("status"));
        Assert.Equal(["status", "status"], outputs.Select(output => output.Type));
        var (unstored, _) = client.Execute("silent + 1", storeHistory: false);
        Assert.Equal(before + 1, unstored.Content["execution_count"]!.GetValue<int>());
        Assert.Equal(before + 1, Count());
        Assert.Equal("5", client.Value("silent"));
    }

    [Fact]
    public void UserExpressionsAreEvaluatedAfterTheCell()
    {
        var (reply, outputs) = client.Execute("var seen = 20;", expressions: new JsonObject { ["good"] = "seen + 1", ["bad"] = "unseen", ["empty"] = "" });
        Assert.Equal("21", reply.Content["user_expressions"]!["good"]!["data"]!["text/plain"]!.GetValue<string>());
        Assert.Equal("error", reply.Content["user_expressions"]!["bad"]!["status"]!.GetValue<string>());
        Assert.Equal("ok", reply.Content["user_expressions"]!["empty"]!["status"]!.GetValue<string>());
        Assert.DoesNotContain(outputs, output => output.Type is "execute_result" or "error");
    }

    [Fact]
    public void AnErrorPointsToCellAndLineInColour()
    {
        var (reply, outputs) = client.Execute("int Fail(int n)\n{\n    return 1 / n;\n}\nFail(0)");
        Assert.Equal(("error", "System.DivideByZeroException"), (reply.Text("status"), reply.Text("ename")));
        var error = outputs.Single(output => output.Type == "error");
        var traceback = error.Content["traceback"]!.AsArray().Select(line => line!.GetValue<string>()).ToList();
        var number = reply.Content["execution_count"]!.GetValue<int>();
        Assert.StartsWith("\u001b[1;31mSystem.DivideByZeroException\u001b[0m: ", traceback[0], StringComparison.Ordinal);
        Assert.Equal($"   at \u001b[36mFail, cell {number}, line 3\u001b[0m: return 1 / n;", traceback[1]);
        Assert.Equal($"   at \u001b[36mcell {number}, line 5\u001b[0m: Fail(0)", traceback[2]);
    }

    [Fact]
    public void AfterAnErrorTheCellsThatWaitAreAborted()
    {
        var failing = client.BeginExecute("Thread.Sleep(300); throw new Exception(\"stop here\");");
        var waiting = client.BeginExecute("\"must not run\"");
        Assert.Equal("error", client.ReplyTo(failing).Text("status"));
        Assert.Equal("aborted", client.ReplyTo(waiting).Text("status"));
        Assert.Equal(["status", "status"], client.OutputsOf(waiting).Select(output => output.Type));
        Assert.Equal("1", client.Value("1"));
    }

    [Fact]
    public void AfterAnErrorThatDoesNotMatterTheCellsThatWaitAreRun()
    {
        var failing = client.BeginExecute("Thread.Sleep(300); throw new Exception();", stopOnError: false);
        var waiting = client.BeginExecute("2");
        Assert.Equal("error", client.ReplyTo(failing).Text("status"));
        Assert.Equal("ok", client.ReplyTo(waiting).Text("status"));
    }

    [Fact]
    public void ADisplayCanBeUpdatedFromALaterCell()
    {
        var first = client.Execute("var shown = display(HTML(\"<b>1</b>\"));").Outputs.Single(output => output.Type == "display_data");
        var update = client.Execute("shown.Update(HTML(\"<b>2</b>\"));").Outputs.Single(output => output.Type == "update_display_data");
        Assert.Equal("<b>1</b>", first.Content["data"]!["text/html"]!.GetValue<string>());
        Assert.Equal("<b>2</b>", update.Content["data"]!["text/html"]!.GetValue<string>());
        Assert.Equal(first.Content["transient"]!["display_id"]!.GetValue<string>(), update.Content["transient"]!["display_id"]!.GetValue<string>());
    }

    [Fact]
    public void OutputCanBeCleared()
    {
        var outputs = client.Execute("Console.Write(\"old\"); clear_output(wait: true); Console.Write(\"new\");").Outputs;
        Assert.Equal(["stream", "clear_output", "stream"], outputs.Select(output => output.Type).Where(type => type is "stream" or "clear_output"));
        Assert.True(outputs.Single(output => output.Type == "clear_output").Content["wait"]!.GetValue<bool>());
    }

    [Fact]
    public void OutputAfterTheCellBelongsToItsRequest()
    {
        var id = client.BeginExecute("_ = Task.Run(async () => { await Task.Delay(200); Console.Write(\"late\"); });");
        client.OutputsOf(id);
        Assert.Equal("late", client.Await(id, "stream").Text("text"));
    }

    [Fact]
    public void EveryClientSeesWhatEveryOtherRuns()
    {
        using var other = kernel.Connect();
        var id = client.BeginExecute("\"for all\"");
        Assert.Contains(other.OutputsOf(id), output => output.Type == "execute_result");
        Assert.Equal("3", other.Value("1 + 2"));
        Assert.Equal("ok", client.ReplyTo(id).Text("status"));
    }

    [Fact]
    public void PlotlyComesWithTheFirstChartAndAgainWhenThatCellRunsAgain()
    {
        const string chart = """HTML(QuantNotebooks.Notebook.Charts.PlotlyScript.ChartHtml("{\"data\":[{\"y\":[1,2]}]}", "ID", 200))""";
        Assert.Equal([true, false], [HasLibrary("a"), HasLibrary("b")]);
        Assert.Equal([true, false], [HasLibrary("a"), HasLibrary("b")]);

        bool HasLibrary(string cell) => client.Execute(chart.Replace("ID", cell, StringComparison.Ordinal), cellId: cell).Outputs
            .Any(output => output.Type == "display_data" && output.Content["data"]!["text/html"]!.GetValue<string>().Length > 1_000_000);
    }

    [Theory]
    [InlineData("1 + 1", "complete", null)]
    [InlineData("var x = 1;", "complete", null)]
    [InlineData("class C { int X => 1; }", "complete", null)]
    [InlineData("void F()\n{", "incomplete", "    ")]
    [InlineData("foreach (var x in y)\n{\n    if (x)\n    {", "incomplete", "        ")]
    [InlineData("1 +", "incomplete", "")]
    [InlineData("var = 3 3;", "invalid", null)]
    public void AConsoleIsToldWhenToWaitForMore(string code, string status, string? indent)
    {
        var reply = client.Request("is_complete_request", new JsonObject { ["code"] = code });
        Assert.Equal((status, indent), (reply.Text("status"), reply.Content["indent"]?.GetValue<string>()));
    }

    [Fact]
    public void HistoryIsFoundByTailRangeAndPattern()
    {
        client.Value("var found = \"h1\"; found");
        var number = Count();
        Assert.Equal("[[0,%,[\"\\u0022later\\u0022\",\"later\"]]]".Replace("%", $"{number + 1}", StringComparison.Ordinal), Ask(("hist_access_type", "tail"), ("n", 1), ("output", true), () => client.Value("\"later\"")));
        Assert.Equal($"[[0,{number + 1},\"\\u0022later\\u0022\"]]", Ask(("hist_access_type", "range"), ("start", number + 1), ("stop", number + 2), () => { }));
        Assert.Equal($"[[0,{number - 1},\"var found = \\u0022h1\\u0022; found\"]]", Ask(("hist_access_type", "search"), ("pattern", "var found*"), ("unique", true), () => { }));

        string Ask((string, JsonNode) first, (string, JsonNode) second, (string, JsonNode) third, Action before)
        {
            before();
            var content = new JsonObject { [first.Item1] = first.Item2, [second.Item1] = second.Item2, [third.Item1] = third.Item2 };
            return client.Request("history_request", content).Content["history"]!.ToJsonString();
        }
    }

    private int Count() => client.Execute("0;").Reply.Content["execution_count"]!.GetValue<int>();
}
