using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>What a shift measurement of large networks takes: predicted from shapes, and measured, in a process of its own each.</summary>
internal static class LargeNetworks
{
    private const int Images = 8;
    private const int Sequences = 16;
    private const int Blocks = 20;

    /// <summary>Other work on the machine only adds to what a run takes.</summary>
    private const int Rounds = 2;

    /// <summary>What both models are fitted to, each run in a process of its own as what they predict: small networks that differ in what they do most.</summary>
    private static readonly (string Kind, int Size)[] Probes =
    [
        ("fashion", 4), ("fashion", 128), ("mobilenet", 7), ("mobilenet", 17), ("dense", 4), ("resnet", 14), ("resnet", 26), ("block", 256), ("block", 512), ("block", 768),
    ];

    private static readonly (string Kind, int Size)[] Predicted = [("resnet", 50), ("resnet", 101), ("resnet", 152), ("block", 1024), ("block", 1536), ("blocks", 2048)];

    /// <summary>Measures one network in this process, the only one in it: prints processor seconds and the peak of resident memory in bytes.</summary>
    public static void Run(string kind, int size)
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-large-").FullName;
        try
        {
            var seconds = 0.0;
            for (var block = 0; block < (kind == "blocks" ? Blocks : 1); block++)
            {
                seconds += RunOne(kind, size, block, folder);
                // With memory to spare the collector lets the blocks that are done stand beside the next; that would be the peak, and not what is needed.
                GC.Collect();
            }
            using var process = Process.GetCurrentProcess();
            Console.Write(string.Create(CultureInfo.InvariantCulture, $"{seconds} {process.PeakWorkingSet64}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static string Measure()
    {
        var probes = Probes.Select(probe => (Work: WorkOf(probe.Kind, probe.Size), Took: OfProcess(probe.Kind, probe.Size))).ToArray();
        var speed = MachineSpeed.Fit([.. probes.Select(probe => (probe.Work.Cost, probe.Work.Images, probe.Took.Seconds))]);
        var need = MemoryNeed.Fit([.. probes.Select(probe => (probe.Work.Cost, probe.Work.Images, probe.Took.Bytes))]);
        var lines = new List<string>
        {
            Text($"Fitted to {string.Join(", ", Probes.Select(probe => $"{probe.Kind} {probe.Size}"))}: {speed.Start:F2} s to start, {Rate(speed.Product)} billion multiplications a processor second, {Rate(speed.ThinProduct)} in layers with few inputs, {1e9 * speed.Value:F2} ns a value, {1e9 * speed.Weight:F2} ns a weight of a convolution, {1e9 * speed.MatrixWeight:F2} of a matrix product, {1e6 * speed.Call:F0} us a layer and batch; {need.Process / 1048576.0:F0} MiB, {need.WeightCopies:F1} times the weights and {need.ValueCopies:F1} times the tensors under way."),
            "",
            "| network | parameters | multiplications an input | predicted s | measured s | off by | predicted MiB | measured MiB | off by |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        };
        foreach (var (kind, size) in Predicted)
        {
            Console.Error.WriteLine($"{kind} {size}");
            var (cost, images) = WorkOf(kind, size);
            var times = kind == "blocks" ? Blocks : 1;
            var (seconds, bytes) = (speed.SecondsOfShift(cost, images, times), need.BytesOfShift(cost, images));
            var measured = OfProcess(kind, size);
            var name = kind switch { "resnet" => cost.Network.Name, "block" => $"transformer block, width {size}", _ => $"{Blocks} transformer blocks, width {size}, one after the other" };
            lines.Add(Text(
                $"| {name} | {times * cost.Parameters / 1e6:F1} M | {times * cost.Multiplications / 1e9:F2} G | {seconds:F1} | {measured.Seconds:F1} | {100 * (seconds / measured.Seconds - 1):+0;-0} % | {bytes / 1048576.0:F0} | {measured.Bytes / 1048576.0:F0} | {100 * (bytes / measured.Bytes - 1):+0;-0} % |"));
        }
        return string.Join('\n', lines) + "\n";
    }

    private static string Rate(double seconds) => seconds > 0 ? Text($"{1e-9 / seconds:F1}") : "any number of";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Processor seconds of one measurement. On its own, for a loop's variables would hold the block before while the next one is read.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double RunOne(string kind, int size, int block, string folder)
    {
        var (network, images) = Subject(kind, size, block, folder);
        return Stopwatches.Run(() => network.MeasureMeanShift(images, QuantizationScheme.Int8PerTensor)).Processor;
    }

    private static (NetworkCost Cost, int Images) WorkOf(string kind, int size)
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-large-").FullName;
        try
        {
            var (network, images) = Subject(kind, size, 0, folder);
            return (NetworkCost.Of(network, images), images.Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (Network Network, ImageSet Images) Subject(string kind, int size, int block, string folder) => kind switch
    {
        "fashion" => (Data.Network("resnet14-fashion"), Data.Images("fashion-mnist", "test").Take(size)),
        "mobilenet" => (MobileNetV2.Stack(size), RandomGraph.Images(Images)),
        "dense" => (Dense(size), RandomGraph.Images(Images)),
        "resnet" => (ResNet.Create(size), RandomGraph.Images(Images)),
        _ => (TransformerBlock.Load(folder, size, block), TransformerBlock.Sequences(folder, size, Sequences)),
    };

    /// <summary>Convolutions of 64 channels on 56x56 values: many multiplications, few weights.</summary>
    private static Network Dense(int layers)
    {
        var graph = new RandomGraph();
        var tensor = graph.Conv("x", 3, 64, 3, 4, 1, "Relu");
        for (var layer = 0; layer < layers; layer++) tensor = graph.Conv(tensor, 64, 64, 3, 1, 1, "Relu");
        return graph.Load("dense", tensor);
    }

    /// <summary>The least of several runs.</summary>
    private static (double Seconds, long Bytes) OfProcess(string kind, int size)
    {
        var runs = Enumerable.Range(0, Rounds).Select(_ => Once(kind, size)).ToArray();
        return (runs.Min(run => run.Seconds), runs.Min(run => run.Bytes));
    }

    private static (double Seconds, long Bytes) Once(string kind, int size)
    {
        var words = OwnProcess.Run("large", kind, size.ToString(CultureInfo.InvariantCulture)).Split(' ');
        return (double.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture));
    }
}
