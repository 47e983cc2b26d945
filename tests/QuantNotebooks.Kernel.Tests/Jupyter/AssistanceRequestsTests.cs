using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class AssistanceRequestsTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    // The face is one code point and two UTF-16 units.
    [Fact]
    public void PositionsAreCountedInCodePoints()
    {
        const string code = "var face = \"\U0001F600\"; Math.Sqr";
        var reply = client.Request("complete_request", new JsonObject { ["code"] = code, ["cursor_pos"] = code.Length - 1 });
        Assert.Equal("ok", reply.Text("status"));
        Assert.Equal((code.Length - 1 - 3, code.Length - 1), (reply.Content["cursor_start"]!.GetValue<int>(), reply.Content["cursor_end"]!.GetValue<int>()));
        Assert.Equal("[\"Sqrt\"]", reply.Content["matches"]!.ToJsonString());
        Assert.Equal("function", reply.Content["metadata"]!["_jupyter_types_experimental"]![0]!["type"]!.GetValue<string>());
    }

    [Fact]
    public void InspectionFindsWhatThereIs()
    {
        var reply = client.Request("inspect_request", new JsonObject { ["code"] = "Console.WriteLine(1)", ["cursor_pos"] = 10, ["detail_level"] = 0 });
        Assert.True(reply.Content["found"]!.GetValue<bool>());
        Assert.Contains("void Console.WriteLine(", reply.Content["data"]!["text/plain"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.False(client.Request("inspect_request", new JsonObject { ["code"] = "", ["cursor_pos"] = 0 }).Content["found"]!.GetValue<bool>());
    }

    [Fact]
    public void AQuestionIsAnsweredInThePager()
    {
        var page = Assert.Single(client.Execute("Math.Max?").Reply.Content["payload"]!.AsArray())!;
        Assert.Equal("page", page["source"]!.GetValue<string>());
        Assert.Contains("Math.Max(", page["data"]!["text/plain"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
