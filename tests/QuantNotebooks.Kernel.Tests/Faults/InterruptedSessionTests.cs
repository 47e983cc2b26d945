using System.Diagnostics;
using System.Text.Json.Nodes;
using Google.Protobuf;
using QuantNotebooks.Core.Tests;
using QuantNotebooks.Core.Tests.Images;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Jupyter;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>Interrupts at random moments of every long operation: each ends soon, and the session goes on with what it had.</summary>
/// <remarks>QUANTNB_LONG_RUN=28 sends a thousand interrupts.</remarks>
public sealed class InterruptedSessionTests(RunningKernel kernel) : IClassFixture<RunningKernel>
{
    /// <summary>Not a promise: one that no machine breaks, however busy. What is promised, a second, is measured on a quiet one (QUANTNB_FIGURES).</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private static readonly string[] Operations =
    [
        "#!quant-shift net --images test --split", "#!quant-correct net --images images --as corrected", "#!quant-correct net --images images --method fine-tune",
        "#!quant-equalize net --method two-step --images images", "#!quant-equalize net --method cross-layer --images images --weight-bits 4", "#!quant-sensitivity net --images images --sample 512",
        "#!quant-evaluate net --images test --calibration images", "#!quant-compare net net --images test --calibration images", "#!quant-prune net --images test",
        "#!quant-report net --images images --held-out 256", "#!quant-recommend net --images images --held-out 256 --weight-bits 4", "#!quant-correct net --images images --method analytic",
        "#!quant-export net --calibration images --check test --out {folder}/x.onnx", "#!quant-sweep {folder}/plan.json", "while (true) { }", "net.MeasureMeanShift(test, QuantizationScheme.Int8PerTensor)",
        "net.TrainQuantizationAware(images, QuantizationScheme.Int8PerTensor.WithBits(4), null, null, RunningCell.CancellationToken)", "net.TrainQuantizationAware(images, QuantizationScheme.Int8PerTensor.WithBits(4))",
    ];

    [Fact]
    public void EachStopsAndTheSessionGoesOn()
    {
        using var client = kernel.Connect();
        using var folder = new TemporaryFolder();
        folder.Write("plan.json", InterruptedToolTests.Plan);
        client.Value($"var net = Network.Load(\"{Cli.Model(Cli.ResNet)}\"); var test = ImageSet.Load(\"{Cli.Test}\"); var images = ImageSet.Load(\"{Cli.Calibration}\").Take(1024); 1");
        Interrupt(client, folder.Path, Operations, LongRun.Cases(36), mostWait: 1500, layers: 16);
    }

    /// <summary>
    /// ONNX Runtime ends an operator that it has begun, and here each takes a second or more: what is at one is left behind, and what was done before is kept.
    /// </summary>
    [Fact]
    public void EachStopsInTheMiddleOfALongOperator()
    {
        using var client = kernel.Connect();
        using var folder = new TemporaryFolder();
        var builder = new GraphBuilder().Input("x", -1, 3, Side, Side);
        for (var layer = 0; layer < LargeLayers; layer++)
            builder.RandomConstant($"w{layer}", 32, layer == 0 ? 3 : 32, 15, 15)
                .Node("Conv", [layer == 0 ? "x" : $"r{layer - 1}", $"w{layer}"], $"c{layer}", new AttributeProto { Name = "pads", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 7, 7, 7, 7 } })
                .Node("Relu", [$"c{layer}"], $"r{layer}");
        File.WriteAllBytes(folder.File("large.onnx"), builder.Output($"r{LargeLayers - 1}").Model.ToByteArray());
        var values = new float[4 * 3 * Side * Side];
        var random = new Random(1);
        foreach (ref var value in values.AsSpan()) value = random.NextSingle();
        File.WriteAllBytes(folder.File("large.npy"), NpyBytes.Floats($"(4, 3, {Side}, {Side})", values));
        client.Value($"var net = Network.Load(\"{folder.File("large.onnx")}\"); var images = ImageSet.Load(\"{folder.File("large.npy")}\"); 1");
        Interrupt(
            client,
            folder.Path,
            [
                "#!quant-shift net --images images --split", "#!quant-evaluate net --images images --calibration images --calibration-count 1", "#!quant-sensitivity net --images images",
                "#!quant-equalize net --images images", "#!quant-correct net --images images --as corrected", "#!quant-correct net --images images --method fine-tune",
                "#!quant-recommend net --images images --held-out 2", "#!quant-prune net --images images",
            ],
            LongRun.Cases(8), mostWait: 12_000, LargeLayers);
    }

    /// <summary>Nothing can stop the reading of a file: the magic is left behind, and says so.</summary>
    [Theory]
    [InlineData("#!quant-shift {0} --images test")]
    [InlineData("Network.Load(\"{0}\")")]
    public void AFileThatIsReadForeverIsLeftBehind(string code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: named pipes are files on Unix only");
        using var client = kernel.Connect();
        using var folder = new TemporaryFolder();
        using var pipe = new OpenedPipe(folder.File("net.onnx"));
        client.Value($"var test = ImageSet.Load(\"{Cli.Test}\"); var before = 5; 1");
        var id = client.BeginExecute(code.Replace("{0}", pipe.Path, StringComparison.Ordinal));
        Assert.True(SpinWait.SpinUntil(() => pipe.IsBeingRead, Longest));
        var clock = Stopwatch.StartNew();
        client.ReplyTo(client.Send(client.Control, "interrupt_request", new JsonObject()), client.Control);
        var reply = client.ReplyTo(id);
        client.OutputsOf(id);
        Assert.True(clock.Elapsed < Longest, $"{clock.Elapsed}");
        Figures.Add($"interrupt of {code}: {clock.Elapsed.TotalMilliseconds:F0} ms");
        Assert.Equal("Interrupted", reply.Text("ename"));
        Assert.Contains("has not returned yet", reply.Text("evalue"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("5", client.Value("before"));
    }

    private const int Side = 512;
    private const int LargeLayers = 3;

    private static void Interrupt(JupyterClient client, string folder, string[] operations, int count, int mostWait, int layers)
    {
        var random = new Random(1);
        var times = new List<(TimeSpan Time, string Operation)>();
        for (var index = 0; index < count; index++)
        {
            var operation = operations[index % operations.Length];
            var id = client.BeginExecute(operation.Replace("{folder}", folder, StringComparison.Ordinal));
            Thread.Sleep(random.Next(mostWait));
            var clock = Stopwatch.StartNew();
            client.ReplyTo(client.Send(client.Control, "interrupt_request", new JsonObject()), client.Control);
            var reply = client.ReplyTo(id);
            client.OutputsOf(id); // up to the idle status
            times.Add((clock.Elapsed, operation));
            Assert.True(clock.Elapsed < Longest, $"{operation}: {clock.Elapsed}");
            // It may have been done before the interrupt.
            if (reply.Text("status") == "error") Assert.Equal("Interrupted", reply.Text("ename"));
            Assert.Equal($"{layers}", client.Value("net.Layers.Length"));
        }
        foreach (var operation in times.GroupBy(time => time.Operation))
            Figures.Add($"interrupt of {operation.Key}: {operation.Count()} times, longest {operation.Max(time => time.Time).TotalMilliseconds:F0} ms, half within {operation.Order().ElementAt(operation.Count() / 2).Time.TotalMilliseconds:F0} ms");
    }
}
