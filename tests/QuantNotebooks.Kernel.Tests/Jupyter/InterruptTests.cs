using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Tests.CommandLine;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class InterruptTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("Thread.Sleep(-1);")]
    [InlineData("await Task.Delay(-1);")]
    public void AnInterruptStopsTheCellWithinASecond(string code)
    {
        var id = client.BeginExecute("Console.Write(\"begun\"); " + code);
        client.Await(id, "stream");
        var clock = Stopwatch.StartNew();
        Interrupt();
        var reply = client.ReplyTo(id);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
        Assert.Equal(("error", "Interrupted"), (reply.Text("status"), reply.Text("ename")));
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void AnInterruptByTheShellChannelStopsTheCellToo()
    {
        var id = client.BeginExecute("Console.Write(\"begun\"); while (true) { }");
        client.Await(id, "stream");
        var interrupt = client.Send(client.Shell, "interrupt_request", []);
        Received[] replies = [client.Receive(client.Shell), client.Receive(client.Shell)];
        Assert.Equal(("interrupt_reply", "ok"), replies.Where(reply => reply.ParentId == interrupt).Select(reply => (reply.Type, reply.Text("status"))).Single());
        Assert.Equal("Interrupted", replies.Single(reply => reply.ParentId == id).Text("ename"));
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void AnInterruptBetweenCellsDoesNothing()
    {
        Interrupt();
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void AnInterruptAbortsTheCellsThatWait()
    {
        var running = client.BeginExecute("Console.Write(1); while (true) { }");
        var waiting = client.BeginExecute("\"must not run\"");
        client.Await(running, "stream");
        Interrupt();
        Assert.Equal("error", client.ReplyTo(running).Text("status"));
        Assert.Equal("aborted", client.ReplyTo(waiting).Text("status"));
    }

    [Fact]
    public void AnInterruptStopsASweepAndTheNextCellRuns()
    {
        client.Value($"#!quant-load {Cli.Model(Cli.ResNet)} --as net");
        var id = client.BeginExecute($"#!quant-shift net --images {Cli.Test} --as shift");
        // The second state of the bar: the first shows before anything is measured.
        client.Await(id, "display_data");
        client.Await(id, "update_display_data");
        var clock = Stopwatch.StartNew();
        Interrupt();
        var reply = client.ReplyTo(id);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        Assert.Equal(("Interrupted", "The cell was interrupted."), (reply.Text("ename"), reply.Text("evalue")));
        Assert.Equal("True", client.Value("net.Layers.Length > 0"));
    }

    [Fact]
    public void AnInterruptedMeasurementKeepsTheImagesThatItIsDoneWith()
    {
        client.Value($"#!quant-load {Cli.Model(Cli.MobileNetV1)} --as net");
        var id = client.BeginExecute($"#!quant-shift net --images {Cli.Test} --calibration {Cli.Calibration} --calibration-count 16 --as part\n\"must not run\"");
        string bar;
        do bar = client.Await(id, "update_display_data").Content["data"]!["text/plain"]!.GetValue<string>();
        while (bar.Contains("calibration", StringComparison.Ordinal) || bar.Contains(" 0 of ", StringComparison.Ordinal));
        Assert.Matches(@"^shift: [\d,]+ of 10,000 images, \S+, \d+ (s|min) left$", bar);
        var clock = Stopwatch.StartNew();
        Interrupt();
        var reply = client.ReplyTo(id);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 4000);
        Assert.Equal(("Interrupted", "The cell was interrupted; 'part' holds what was done until then."), (reply.Text("ename"), reply.Text("evalue")));
        var shown = client.OutputsOf(id).Last(output => output.Type == "update_display_data").Content["data"]!;
        Assert.Matches(@"Stopped early: measured on the first [\d,]+ of 10,000 images\.", shown["text/html"]!.GetValue<string>());
        Assert.Equal("True", client.Value("part.StoppedBefore == 10_000 && part.Images.Count > 0 && part.Images.Count < 10_000 && part.Images.Count % 32 == 0"));
        // All layers have seen these images, and no others.
        Assert.Equal("True", client.Value("part.Layers.All(layer => layer.Before.Channels.All(channel => channel.ImageError.Count == part.Images.Count))"));
    }

    [Theory]
    [InlineData("sensitivity", "--sample 4000", "part.StoppedBefore == 4_000 && part.Sample.Count < 4_000 && part.Layers.All(layer => layer.Output.Images == part.Sample.Count)")]
    [InlineData("correct", "--count 4000 --held-out 64", "part.StoppedAfter < part.Corrections.Length && part.Corrections.Count(layer => layer.Skipped is null) == part.StoppedAfter")]
    [InlineData("prune", "--sparsity 0.3,0.6", "part.StoppedBefore == 10_000 && part.Images.Count < 10_000 && part.Plain.Length == 2 && part.Plain[1].Accuracy > 0")]
    [InlineData("recommend", "--count 256 --held-out 256 --weight-bits 4", "part.Stopped && part.Before.StoppedBefore is null && part.Steps.Length < 4 && part.Untried[^1] == \"the layers' gains were not measured one by one\" == part.Steps.Any(step => step.Kept)")]
    [InlineData("report", "--count 256 --held-out 256 --weight-bits 4", "part.Stopped && part.Shift.StoppedBefore is null && part.Shift.Images.Count == 256 && part.Shift.Layers.All(layer => layer.Split is not null)")]
    [InlineData("equalize", "--method cross-layer --weight-bits 4", "part is EqualizationResult { Certificate.StoppedBefore: null }")]
    public void AnInterruptedCommandLeavesWhatItIsDoneWith(string command, string options, string expected)
    {
        client.Value($"#!quant-load {Cli.Model(Cli.MobileNetV1)} --as net");
        var id = client.BeginExecute($"#!quant-{command} net --images {Cli.Test} {options} --as part");
        string bar;
        // Something is done: images of a sensitivity, layers of a correction, all of the equalization.
        do bar = client.Await(id, "update_display_data").Content["data"]!["text/plain"]!.GetValue<string>();
        while (command is "recommend" or "report" ? !bar.Contains(", trying ", StringComparison.Ordinal) : command == "equalize"
            ? bar.Contains("comparing", StringComparison.Ordinal) || bar.Contains("ranges", StringComparison.Ordinal) || bar.Contains("calibration", StringComparison.Ordinal)
            : bar.Contains("calibration", StringComparison.Ordinal) || bar.Contains(" 0 of ", StringComparison.Ordinal));
        Assert.Matches(command == "correct" ? @"^correct: layer \d+ of \d+ on 4,000 images, \S+" : @"^\S+: [\d,]+ of [\d,]+ images, \S+", bar);
        Interrupt();
        var reply = client.ReplyTo(id);
        Assert.Equal(("Interrupted", "The cell was interrupted; 'part' holds what was done until then."), (reply.Text("ename"), reply.Text("evalue")));
        Assert.Equal("True", client.Value("using QuantNotebooks.Equalization;\n" + expected));
    }

    private const string LongRun = """
        using Microsoft.ML.OnnxRuntime;
        using Microsoft.ML.OnnxRuntime.Tensors;
        var session = new InferenceSession("MODEL", new SessionOptions { IntraOpNumThreads = 1 });
        var name = session.InputNames[0];
        var shape = session.InputMetadata[name].Dimensions.Select((size, axis) => axis == 0 ? COUNT : size).ToArray();
        var inputs = new Dictionary<string, OrtValue> { [name] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, shape) };
        Console.Write("begun");
        """;

    [Theory]
    [InlineData("try { while (true) session.RunInterruptibly(inputs); } catch (OperationCanceledException) { Console.Write(\"by the helper\"); throw; }", 200, "The cell was interrupted.")]
    [InlineData("session.Run(new RunOptions(), inputs, session.OutputNames)", 4000, "The cell was interrupted; code that it called, of another library or native, has not returned yet.")]
    public void ALongRunOfOnnxRuntimeIsStoppedOrLeftBehind(string run, int images, string message)
    {
        var code = LongRun.Replace("MODEL", Cli.Model(Cli.ResNet), StringComparison.Ordinal).Replace("COUNT", $"{images}L", StringComparison.Ordinal);
        var id = client.BeginExecute(code + "\n" + run);
        client.Await(id, "stream");
        Thread.Sleep(150);
        var clock = Stopwatch.StartNew();
        Interrupt();
        Assert.Equal(message, client.ReplyTo(id).Text("evalue"));
        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        var text = string.Concat(client.OutputsOf(id).Where(output => output.Type == "stream").Select(output => output.Text("text")));
        Assert.Equal(run.Contains("helper", StringComparison.Ordinal), text.Contains("by the helper", StringComparison.Ordinal));
        Assert.Equal("2", client.Value("1 + 1"));
    }

    private void Interrupt() =>
        Assert.Equal(("interrupt_reply", "ok"), client.ReplyTo(client.Send(client.Control, "interrupt_request", new JsonObject()), client.Control) is var reply
            ? (reply.Type, reply.Text("status")) : default);
}
