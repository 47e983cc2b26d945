using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class InputTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Fact]
    public void ConsoleReadLineAsksTheUser()
    {
        var id = client.BeginExecute("Console.Write(\"name? \"); var name = Console.ReadLine();\n\"hello \" + name", allowStdin: true);
        var question = client.Receive(client.Stdin);
        Assert.Equal(("input_request", id, "", false), (question.Type, question.ParentId, question.Text("prompt"), question.Content["password"]!.GetValue<bool>()));
        Answer("Ada");
        Assert.Equal("ok", client.ReplyTo(id).Text("status"));
        var outputs = client.OutputsOf(id);
        Assert.Equal("name? ", outputs.Single(output => output.Type == "stream").Text("text"));
        Assert.Equal("hello Ada", outputs.Single(output => output.Type == "execute_result").Content["data"]!["text/plain"]!.GetValue<string>());
    }

    [Fact]
    public void InputAsksWithAPromptAndMayBeSecret()
    {
        var id = client.BeginExecute("input(\"PIN: \", password: true).Length", allowStdin: true);
        var question = client.Receive(client.Stdin);
        Assert.Equal(("PIN: ", true), (question.Text("prompt"), question.Content["password"]!.GetValue<bool>()));
        Answer("1234");
        Assert.Equal("4", client.Await(id, "execute_result").Content["data"]!["text/plain"]!.GetValue<string>());
        client.ReplyTo(id);
    }

    [Fact]
    public void CharactersAreReadFromTheUsersLines()
    {
        var id = client.BeginExecute("$\"{(char)Console.Read()}|{(char)Console.In.Peek()}|{Console.ReadLine()}\"", allowStdin: true);
        client.Receive(client.Stdin);
        Answer("xyz");
        Assert.Equal("x|y|yz", client.Await(id, "execute_result").Content["data"]!["text/plain"]!.GetValue<string>());
        client.ReplyTo(id);
    }

    [Fact]
    public void WhereNobodyCanBeAskedReadingFails()
    {
        var (reply, _) = client.Execute("Console.ReadLine()");
        Assert.Equal("error", reply.Text("status"));
        Assert.Contains("nobody to ask", reply.Text("evalue"), StringComparison.Ordinal);
    }

    [Fact]
    public void AnInterruptEndsTheWaitForAnAnswer()
    {
        var id = client.BeginExecute("Console.ReadLine()", allowStdin: true);
        client.Receive(client.Stdin);
        client.Send(client.Control, "interrupt_request", []);
        Assert.Equal("Interrupted", client.ReplyTo(id).Text("ename"));
        Answer("too late");
        Assert.Equal("2", client.Value("1 + 1"));
    }

    private void Answer(string value) => client.Send(client.Stdin, "input_reply", new JsonObject { ["value"] = value, ["status"] = "ok" });
}
