using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Tests.Jupyter;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A kernel that dies in a cell is started anew by Jupyter with the same connection file, as here, and says then what it died of.</summary>
public sealed class KernelDeathTests : IDisposable
{
    private const string Died = "The kernel's process died while it ran cell ";

    private const string Kill = "System.Diagnostics.Process.GetCurrentProcess().Kill();";

    private readonly TemporaryFolder folder = new();

    private readonly List<KernelProcess> kernels = [];

    public void Dispose()
    {
        kernels.ForEach(kernel => kernel.Dispose());
        folder.Dispose();
    }

    [Theory]
    [InlineData("record Ring { public Ring Next { get; set; } }\nvar ring = new Ring(); ring.Next = ring;", "\n\n  ring.GetHashCode()", "ring.GetHashCode()", "The stack overflowed", "Ring.GetHashCode()")]
    [InlineData("", "typeof(Environment).GetMethod(\"FailFast\", [typeof(string)]).Invoke(null, [\"the reason that was given\"]);", "typeof(Environment).GetMethod(\"FailFast\"", "Its last words:", "the reason that was given")]
    [InlineData("", Kill, Kill, "killed from outside", "by the system")]
    public async Task ItsDeathIsToldInTheCellThatDiedAndInTheNext(string before, string code, string title, string cause, string detail)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("skipped: last words are kept on Unix only");
        var kernel = Connection("kernel-1.json");
        using var client = await kernel.StartAsync();
        client.Value(before);
        var id = client.BeginExecute(code);
        await kernel.EndAsync();

        using var next = await kernel.StartAsync(awaitsOutputs: false);
        var heading = $"{Died}[2] {title}";
        var told = (string[])[next.Await(id, "stream").Text("text"), StandardError(next.Execute("1 + 1").Outputs)];
        Assert.Equal(told[0], told[1]);
        Assert.StartsWith(heading, told[0], StringComparison.Ordinal);
        Assert.Contains(cause, told[0], StringComparison.Ordinal);
        Assert.Contains(detail, told[0], StringComparison.Ordinal);
        Assert.InRange(told[0].Count(letter => letter == '\n'), 3, 30);
        Assert.Equal("", StandardError(next.Execute("1 + 1").Outputs));
        Assert.Empty(kernel.Left());
    }

    [Fact]
    public async Task WhatEndsAsItShouldLeavesNothingAndIsNotTold()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("skipped: signals are Unix's");
        var kernel = Connection("kernel-1.json");
        using (var client = await kernel.StartAsync())
        {
            var id = BeginLoop(client);
            var left = Assert.Single(kernel.Left());
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(left));
            client.ReplyTo(client.Send(client.Control, "interrupt_request", []), client.Control);
            client.ReplyTo(id);
            Assert.Empty(kernel.Left());
            BeginLoop(client);
            client.Send(client.Control, "shutdown_request", new JsonObject { ["restart"] = true });
            await kernel.EndAsync();
            Assert.Empty(kernel.Left());
        }
        using (var client = await kernel.StartAsync())
        {
            Assert.Equal("", StandardError(client.Execute("1 + 1").Outputs));
            BeginLoop(client);
            await kernel.EndAsync("TERM");
            Assert.Empty(kernel.Left());
        }
        using (var client = await kernel.StartAsync())
        {
            Assert.Equal("", StandardError(client.Execute("1 + 1").Outputs));
            await kernel.EndAsync("KILL"); // between cells
            Assert.Empty(kernel.Left());
        }
    }

    [Fact]
    public async Task TwoKernelsInOneFolderTellTheirOwn()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("skipped: signals are Unix's");
        var one = Connection("kernel-1.json");
        using var first = await one.StartAsync();
        var two = Connection("kernel-11.json");
        using var second = await two.StartAsync();
        BeginLoop(first);
        BeginLoop(second);
        await one.EndAsync("KILL");
        await two.EndAsync("TERM");
        using var firstAgain = await one.StartAsync();
        using var secondAgain = await two.StartAsync();
        Assert.Equal("", StandardError(secondAgain.Execute("1").Outputs));
        Assert.StartsWith(Died + "[1] Console.Write(\"begun\");", StandardError(firstAgain.Execute("1").Outputs), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1] x\n{}\n", UnixFileMode.UserRead | UnixFileMode.UserWrite, true)]
    [InlineData("[1] x\n{}\n", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, false)] // another user's, perhaps
    [InlineData("secret\nnothing\nelse", UnixFileMode.UserRead | UnixFileMode.UserWrite, false)]
    [InlineData("[1] x", UnixFileMode.UserRead | UnixFileMode.UserWrite, false)]
    [InlineData("", UnixFileMode.UserRead | UnixFileMode.UserWrite, false)]
    public void OnlyAFileOfOurOwnIsBelieved(string content, UnixFileMode mode, bool believed)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("skipped: modes are Unix's");
        var path = folder.Write(".c.json.running", content);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
        using var file = new RunningCellFile(folder.File("c.json"));
        Assert.Equal(believed, file.Previous is not null);
        Assert.False(File.Exists(file.Path));
    }

    [Fact]
    public void WhereNothingCanBeWrittenNothingIsTold()
    {
        using var file = new RunningCellFile(folder.File("none/c.json"));
        file.Begin(1, "x", "{}"u8.ToArray());
        file.End();
        Assert.Null(file.Previous);
    }

    private static string StandardError(IEnumerable<Received> outputs) =>
        string.Concat(outputs.Where(output => output.Type == "stream" && output.Text("name") == "stderr").Select(output => output.Text("text")));

    private static string BeginLoop(JupyterClient client)
    {
        var id = client.BeginExecute("Console.Write(\"begun\"); while (true) { }");
        client.Await(id, "stream");
        return id;
    }

    private KernelProcess Connection(string name)
    {
        kernels.Add(new KernelProcess(folder, name));
        return kernels[^1];
    }
}
