using System.Diagnostics;
using System.Globalization;
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

    /// <summary>The networks that the model of memory is fitted to.</summary>
    private static readonly (string Kind, int Size)[] Probes = [("resnet", 14), ("block", 384), ("block", 768)];

    /// <summary>The runs that the coefficients of the model are fitted to: small networks that differ in what they do most.</summary>
    public static MachineSpeed Probe()
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-large-").FullName;
        try
        {
            var dense = new RandomGraph();
            var tensor = dense.Conv("x", 3, 64, 3, 4, 1, "Relu");
            for (var layer = 0; layer < 4; layer++) tensor = dense.Conv(tensor, 64, 64, 3, 1, 1, "Relu");
            var fashion = Data.Images("fashion-mnist", "test");
            (Network, ImageSet)[] runs =
            [
                (MobileNetV2.Create(), RandomGraph.Images(8)), (MobileNetV2.Stack(7), RandomGraph.Images(8)), (dense.Load("dense", tensor), RandomGraph.Images(8)),
                (Data.Network("mobilenet-v1-fashion"), fashion.Take(128)), (Data.Network("resnet14-fashion"), fashion.Take(128)), (Data.Network("resnet14-fashion"), fashion.Take(4)),
                (TransformerBlock.Load(folder, 384, 1), TransformerBlock.Sequences(folder, 384, 32)), (TransformerBlock.Load(folder, 384, 1), TransformerBlock.Sequences(folder, 384, 1).Take(1)),
            ];
            return MachineSpeed.Fit([.. runs.Select(run => (NetworkCost.Of(run.Item1, run.Item2), run.Item2.Count, Stopwatches.Medians(3, () => run.Item1.MeasureMeanShift(run.Item2, QuantizationScheme.Int8PerTensor))[0].Processor))]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Measures one network in this process, the only one in it: prints processor seconds and the peak of resident memory in bytes.</summary>
    public static void Run(string kind, int size)
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-large-").FullName;
        try
        {
            var seconds = 0.0;
            for (var block = 0; block < (kind == "blocks" ? Blocks : 1); block++)
            {
                var (network, images) = Subject(kind, size, block, folder);
                seconds += Stopwatches.Run(() => network.MeasureMeanShift(images, QuantizationScheme.Int8PerTensor)).Processor;
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
        var speed = Probe();
        var need = MemoryNeed.Fit(OfProcess("resnet14", 0).Bytes, [.. Probes.Select(probe => (CostOf(probe.Kind, probe.Size), ImagesOf(probe.Kind), OfProcess(probe.Kind, probe.Size).Bytes))]);
        var lines = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"Fitted: {1e-9 / speed.Product:F1} billion multiplications a processor second, {(speed.ThinProduct > 0 ? (1e-9 / speed.ThinProduct).ToString("F1", CultureInfo.InvariantCulture) : "any number")} in layers with few inputs, {1e9 * speed.Value:F2} ns a value, {1e9 * speed.Weight:F2} ns a weight, {1e6 * speed.Call:F0} us a layer and batch; {need.Process / 1048576.0:F0} MiB, {need.WeightCopies:F1} times the weights and {need.ValueCopies:F1} times the tensors under way. To {string.Join(", ", Probes.Select(probe => $"{probe.Kind} {probe.Size}"))} and smaller networks."),
            "",
            "| network | parameters | multiplications an input | predicted s | measured s | off by | predicted MiB | measured MiB | off by |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        };
        foreach (var (kind, size) in ((string, int)[])[("resnet", 26), ("resnet", 50), ("resnet", 101), ("resnet", 152), ("block", 512), ("block", 1024), ("block", 1536), ("blocks", 2048)])
        {
            Console.Error.WriteLine($"{kind} {size}");
            var cost = CostOf(kind, size);
            var times = kind == "blocks" ? Blocks : 1;
            var (seconds, bytes) = (times * speed.SecondsOfShift(cost, ImagesOf(kind)), need.BytesOfShift(cost, ImagesOf(kind)));
            var measured = OfProcess(kind, size);
            var name = kind switch { "resnet" => cost.Network.Name, "block" => $"transformer block, width {size}", _ => $"{Blocks} transformer blocks, width {size}, one after the other" };
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {times * cost.Parameters / 1e6:F1} M | {times * cost.Multiplications / 1e9:F2} G | {seconds:F1} | {measured.Seconds:F1} | {100 * (seconds / measured.Seconds - 1):+0;-0} % | {bytes / 1048576.0:F0} | {measured.Bytes / 1048576.0:F0} | {100 * (bytes / measured.Bytes - 1):+0;-0} % |"));
        }
        return string.Join('\n', lines) + "\n";
    }

    private static int ImagesOf(string kind) => kind == "resnet" ? Images : Sequences;

    private static NetworkCost CostOf(string kind, int size)
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-large-").FullName;
        try
        {
            var (network, images) = Subject(kind, size, 0, folder);
            return NetworkCost.Of(network, images);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (Network Network, ImageSet Images) Subject(string kind, int size, int block, string folder) => kind switch
    {
        "resnet14" => (Data.Network("resnet14-fashion"), Data.Images("fashion-mnist", "test").Take(4)),
        "resnet" => (ResNet.Create(size), RandomGraph.Images(Images)),
        _ => (TransformerBlock.Load(folder, size, block), TransformerBlock.Sequences(folder, size, Sequences)),
    };

    private static (double Seconds, long Bytes) OfProcess(string kind, int size)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["large", kind, size.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var words = process.StandardOutput.ReadToEnd().Split(' ');
        process.WaitForExit();
        return process.ExitCode == 0
            ? (double.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"'large {kind} {size}' failed with exit code {process.ExitCode}.");
    }
}
