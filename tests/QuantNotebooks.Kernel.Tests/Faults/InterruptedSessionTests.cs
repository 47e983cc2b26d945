using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Jupyter;
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
        var random = new Random(1);
        var times = new List<(TimeSpan Time, string Operation)>();
        for (var index = 0; index < LongRun.Cases(36); index++)
        {
            var operation = Operations[index % Operations.Length].Replace("{folder}", folder.Path, StringComparison.Ordinal);
            var id = client.BeginExecute(operation);
            Thread.Sleep(random.Next(1500));
            var clock = Stopwatch.StartNew();
            client.ReplyTo(client.Send(client.Control, "interrupt_request", new JsonObject()), client.Control);
            var reply = client.ReplyTo(id);
            client.OutputsOf(id); // up to the idle status
            times.Add((clock.Elapsed, Operations[index % Operations.Length]));
            Assert.True(clock.Elapsed < Longest, $"{operation}: {clock.Elapsed}");
            // It may have been done before the interrupt.
            if (reply.Text("status") == "error") Assert.Equal("Interrupted", reply.Text("ename"));
            Assert.Equal("16", client.Value("net.Layers.Length"));
        }
        foreach (var operation in times.GroupBy(time => time.Operation))
            Figures.Add($"interrupt of {operation.Key}: {operation.Count()} times, longest {operation.Max(time => time.Time).TotalMilliseconds:F0} ms, half within {operation.Order().ElementAt(operation.Count() / 2).Time.TotalMilliseconds:F0} ms");
    }
}
