using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Faults;
using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Determinism;

/// <summary>The same inputs and settings give the same bytes of JSON and of networks: run again, and with one thread or two.</summary>
public sealed class SameResultTests
{
    private static readonly string[] Commands =
    [
        "load {net} --json load.json",
        "shift {net} --images {images} --count 48 --split --json shift.json --statistics shift.qns",
        "shift {net} --images {images} --count 48 --held-out 16 --range mse --weight-bits 5 --per-channel --json mse.json",
        "shift {mobile} --images {images} --count 32 --memory 1MiB --range entropy --json spilled.json",
        "sensitivity {net} --images {images} --count 32 --weight-bits 5 --json sensitivity.json",
        "equalize {mobile} --method cross-layer --json cross.json --out cross.onnx",
        "equalize {mobile} --method two-step --images {images} --count 32 --json two.json --out two.onnx",
        "absorb-bias {net} --images {images} --count 32 --json absorb.json --out absorb.onnx",
        "prune {net} --images {test} --count 64 --sparsity 0.3,0.6 --json prune.json --out prune.onnx",
        "correct {net} --images {images} --count 48 --held-out 16 --weight-bits 4 --json iterative.json --out iterative.onnx",
        "correct {mobile} --method analytic --images {images} --count 32 --json analytic.json --out analytic.onnx",
        "correct {net} --method fine-tune --epochs 2 --images {images} --count 64 --weight-bits 4 --activation-bits 4 --json tuned.json --out tuned.onnx",
        "recommend {net} --images {images} --count 32 --held-out 32 --weight-bits 4 --budget 1h --json recommend.json --out recommend.onnx",
        "report {net} --images {images} --count 16 --held-out 16 --budget 1h --json report.json",
        "evaluate {net} --images {test} --count 64 --calibration {images} --calibration-count 32 --json evaluate.json",
        "compare {net} {mobile} --images {test} --count 64 --calibration {images} --calibration-count 32 --schemes 8/8,4/4:per-channel --json compare.json",
        "export {net} --calibration {images} --calibration-count 32 --json export.json --out export.onnx",
        "export {net} --format float --out float.onnx",
    ];

    [Fact]
    public async Task RunsAreTheSameByteForByte()
    {
        using var folder = new TemporaryFolder();
        // Beside each other, so that the threads of each get the cores in another order.
        var runs = await Task.WhenAll(RunAsync(folder, "two", processors: 2), RunAsync(folder, "again", processors: 2), RunAsync(folder, "one", processors: 1));
        var names = Directory.GetFiles(runs[0]).Select(Path.GetFileName).Where(name => name != "n.ipynb").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(Commands.Sum(command => command.Split(' ').Count(word => word is "--json" or "--out" or "--statistics")), names.Count);
        var different = from other in runs[1..]
                        from name in names
                        where !File.ReadAllBytes(Path.Combine(runs[0], name!)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(other, name!)))
                        select $"{Path.GetFileName(other)}/{name}";
        Assert.Equal([], different);
    }

    private static async Task<string> RunAsync(TemporaryFolder folder, string name, int processors)
    {
        var home = Directory.CreateDirectory(folder.File(name)).FullName;
        var cells = Commands.Select(command => "#!quant-" + command.Replace("{net}", Cli.Model(Cli.ResNet), StringComparison.Ordinal).Replace("{mobile}", Cli.Model(Cli.MobileNetV2), StringComparison.Ordinal)
            .Replace("{images}", Cli.Calibration, StringComparison.Ordinal).Replace("{test}", Cli.Test, StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(home, "n.ipynb"), TestNotebook.Json([.. cells, $"if (Environment.ProcessorCount != {processors}) throw new Exception(\"not the number of processors\");"]));
        var run = await ToolProcess.RunAsync(["run", Path.Combine(home, "n.ipynb"), "--out", folder.File(name + "-o")], processors);
        Assert.True(run.ExitCode == 0, run.Error);
        return home;
    }
}
