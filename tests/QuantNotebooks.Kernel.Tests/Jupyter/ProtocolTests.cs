using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>What clients can do wrong, and much of it.</summary>
public sealed class ProtocolTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Fact]
    public void AMessageWithAWrongSignatureIsDropped()
    {
        var (id, frames) = client.Build("execute_request", new JsonObject { ["code"] = "var stolen = 1;" }, key: Encoding.ASCII.GetBytes("not the key"));
        client.Shell.SendMultipartMessage(frames);
        AssertNoReply(id);
        Assert.Equal("error", client.Execute("stolen").Reply.Text("status"));
    }

    [Fact]
    public void AMessageWhoseContentWasChangedIsDropped()
    {
        var (id, frames) = client.Build("execute_request", new JsonObject { ["code"] = "1" });
        var changed = new NetMQMessage(frames.Take(5).Append(new NetMQFrame("{\"code\":\"2\"}")));
        client.Shell.SendMultipartMessage(changed);
        AssertNoReply(id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("zz")]
    [InlineData("00")]
    public void AMessageWithoutASignatureIsDropped(string signature)
    {
        var (id, frames) = client.Build("kernel_info_request", []);
        client.Shell.SendMultipartMessage(new NetMQMessage([frames[0], new NetMQFrame(signature), .. frames.Skip(2)]));
        AssertNoReply(id);
    }

    [Fact]
    public void AMessageThatWasOverheardCannotBeSentAgain()
    {
        var (id, frames) = client.Build("execute_request", new JsonObject { ["code"] = "1" });
        var copy = new NetMQMessage(frames.Select(frame => new NetMQFrame(frame.ToByteArray())));
        client.Shell.SendMultipartMessage(frames);
        Assert.Equal("ok", client.ReplyTo(id).Text("status"));
        client.Shell.SendMultipartMessage(copy);
        AssertNoReply(id);
    }

    [Fact]
    public void FramesThatAreNoMessageAreDropped()
    {
        client.Shell.SendFrame("hello");
        client.Shell.SendMoreFrame("<IDS|MSG>").SendFrame("half");
        client.Control.SendFrame([]);
        client.Stdin.SendFrame("?");
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void UnknownTypesDoNotDisturb()
    {
        var comment = client.Send(client.Shell, "gossip", new JsonObject { ["x"] = 1 });
        Assert.Equal(["busy", "idle"], client.OutputsOf(comment).Select(output => output.Text("execution_state")));
        Assert.Equal(("gossip_reply", "error"), client.Request("gossip_request", []) is var reply ? (reply.Type, reply.Text("status")) : default);
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void ContentOfTheWrongShapeDoesNotDisturb()
    {
        Assert.Equal("ok", client.Request("execute_request", new JsonObject { ["code"] = 5, ["silent"] = "yes", ["user_expressions"] = new JsonArray() }).Text("status"));
        Assert.Equal("ok", client.Request("history_request", new JsonObject { ["n"] = "many" }).Text("status"));
        Assert.Equal("ok", client.Request("comm_info_request", []).Text("status"));
    }

    [Fact]
    public void ABurstOfAThousandMessagesIsAnsweredInOrder()
    {
        var ids = Enumerable.Range(0, 1000).Select(index => client.Send(
            client.Shell, index % 100 == 0 ? "execute_request" : "kernel_info_request", new JsonObject { ["code"] = "var burst = 1;" })).ToList();
        Assert.Equal(ids, ids.Select(_ => client.Receive(client.Shell).ParentId));
        Assert.Equal(2, client.OutputsOf(ids[^1]).Count);
    }

    [Fact]
    public void AHundredMegabytesOfOutputArriveWhole()
    {
        var id = client.BeginExecute("var line = new string('x', 99); for (var i = 0; i < 1_000_000; i++) Console.WriteLine(line);");
        Assert.Equal("ok", client.ReplyTo(id).Text("status"));
        var texts = client.OutputsOf(id).Where(output => output.Type == "stream").Select(output => output.Text("text")).ToList();
        Assert.Equal(100_000_000, texts.Sum(text => (long)text.Length));
        Assert.InRange(texts.Count, 1, 10_000);
    }

    [Fact]
    public void AValueOfFiftyMegabytesArrivesWhole() => Assert.Equal(50_000_000, client.Value("new string('x', 50_000_000)")!.Length);

    [Fact]
    public void AClientThatVanishesIsNotMissed()
    {
        using (var vanishing = kernel.Connect()) vanishing.BeginExecute("for (var i = 0; i < 50; i++) { Console.WriteLine(i); Thread.Sleep(10); }\nvar after = 1;");
        Assert.Equal("1", client.Value("after"));
    }

    [Fact]
    public async Task AThreadThatGoesOnWritingAfterTheEndIsNotHeld()
    {
        var writing = new TaskCompletionSource();
        await using (var ending = new RunningKernel())
        {
            using var other = ending.Connect();
            AppContext.SetData("test writing", writing);
            other.Value("new Thread(() => { Thread.Sleep(1000); for (var i = 0; i < 5000; i++) Console.WriteLine(new string('x', 70_000)); "
                + "((TaskCompletionSource)AppContext.GetData(\"test writing\")).SetResult(); }).Start();");
        }
        await writing.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void TheHeartbeatAnswersWhileACellRuns()
    {
        using var heartbeat = new RequestSocket();
        heartbeat.Connect(client.Endpoint("hb_port"));
        var id = client.BeginExecute("Thread.Sleep(1500);");
        client.Await(id, "execute_input");
        for (var beat = 0; beat < 3; beat++)
        {
            heartbeat.SendFrame("beat " + beat);
            Assert.True(heartbeat.TryReceiveFrameString(TimeSpan.FromSeconds(1), out var echo));
            Assert.Equal("beat " + beat, echo);
        }
        Assert.Equal("ok", client.ReplyTo(id).Text("status"));
    }

    private void AssertNoReply(string id)
    {
        while (client.TryReceive(client.Shell, Moment) is { } reply) Assert.NotEqual(id, reply.ParentId);
    }
}
