using System.Text;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class CommTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Fact]
    public void ThePageTalksToATargetOfACell()
    {
        client.Value("""
            Comm.Register("echo", (comm, data) =>
            {
                comm.Received = (message, buffers) => comm.Send(new() { ["said"] = message["say"].DeepClone(), ["from"] = data["name"].DeepClone() }, [.. buffers]);
                comm.Closed = last => Console.Write("closed " + last["why"]);
            });
            """);
        Send("comm_open", new JsonObject { ["comm_id"] = "c1", ["target_name"] = "echo", ["data"] = new JsonObject { ["name"] = "page" } });
        Assert.Equal("echo", client.Request("comm_info_request", []).Content["comms"]!["c1"]!["target_name"]!.GetValue<string>());
        client.Send(client.Shell, "comm_msg", new JsonObject { ["comm_id"] = "c1", ["data"] = new JsonObject { ["say"] = "hi" } }, null, Encoding.ASCII.GetBytes("binary"));
        var echo = Next("comm_msg");
        Assert.Equal("{\"said\":\"hi\",\"from\":\"page\"}", echo.Content["data"]!.ToJsonString());
        Assert.Equal("binary", Encoding.ASCII.GetString(Assert.Single(echo.Buffers)));
        var closing = Send("comm_close", new JsonObject { ["comm_id"] = "c1", ["data"] = new JsonObject { ["why"] = "done" } });
        Assert.Equal("closed done", client.Await(closing, "stream").Text("text"));
        Assert.Empty(client.Request("comm_info_request", []).Content["comms"]!.AsObject());
    }

    [Fact]
    public void ACellTalksToThePage()
    {
        var opened = client.Execute("var line = Comm.Open(\"gauge\", new() { [\"value\"] = 1 }); line.Send(new() { [\"value\"] = 2 }); line.Close(); line.Send(new());").Outputs;
        var id = opened.Single(output => output.Type == "comm_open").Text("comm_id");
        Assert.Equal("gauge", opened.Single(output => output.Type == "comm_open").Text("target_name"));
        Assert.Empty(client.Request("comm_info_request", new JsonObject { ["target_name"] = "gauge" }).Content["comms"]!.AsObject());
        Assert.NotEmpty(id);
    }

    [Fact]
    public void ATargetThatNobodyKnowsIsClosed()
    {
        var opening = Send("comm_open", new JsonObject { ["comm_id"] = "c2", ["target_name"] = "nobody", ["data"] = new JsonObject() });
        Assert.Equal("c2", client.Await(opening, "comm_close").Text("comm_id"));
    }

    [Fact]
    public void AHandlerThatThrowsIsShownAndItsCommClosed()
    {
        client.Value("Comm.Register(\"bad\", (comm, data) => throw new InvalidOperationException(\"boo\"));");
        var opening = Send("comm_open", new JsonObject { ["comm_id"] = "c3", ["target_name"] = "bad", ["data"] = new JsonObject() });
        Assert.Equal("boo", client.Await(opening, "error").Text("evalue"));
        Assert.Empty(client.Request("comm_info_request", new JsonObject { ["target_name"] = "bad" }).Content["comms"]!.AsObject());
        Assert.Equal("2", client.Value("1 + 1"));
    }

    private string Send(string type, JsonObject content) => client.Send(client.Shell, type, content);

    private Received Next(string type)
    {
        while (true)
        {
            if (client.Receive(client.IoPub) is var message && message.Type == type) return message;
        }
    }
}
