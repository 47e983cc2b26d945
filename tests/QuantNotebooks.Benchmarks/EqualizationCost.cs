using System.Diagnostics;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>What equalization costs, part by part, beside one pass over the calibration images.</summary>
internal static class EqualizationCost
{
    private const int Rounds = 5;

    public static void Run(Network network, ImageSet images)
    {
        network.Equalize(EqualizationMethod.TwoStep, images.Take(2));
        var trace = FactorTrace.Of(network);
        var problem = new FactorProblem(trace);
        Console.WriteLine($"{network.Name}, {images.Count} images, {problem.Count} classes, {problem.Blocks.Length} blocks; milliseconds, least of {Rounds}: wall, CPU");
        var pass = Line("one pass over the images (calibration)", () => network.Calibrate(images));
        // The network keeps them: only its first equalization infers them.
        Line("shapes of the tensors", () => TensorShapes.Of(network));
        Line("trace of the graph", () => FactorTrace.Of(network));
        Line("problem", () => problem = new FactorProblem(trace));
        Line("joint solve", () => new CrossLayer(problem, problem.Blocks, Ones(problem), 16).SolveJointly());
        Line("iteration", () => new CrossLayer(problem, problem.Blocks, Ones(problem), 16).Iterate());
        var plain = Line("ranges of activations, and outputs", () => ActivationExtrema.Measure(trace, images, default, null, CancellationToken.None));
        // Each its own network, so that none finds the shapes that another inferred.
        var fresh = new Queue<Network>(Enumerable.Range(0, Rounds).Select(_ => network.With([], network.Facts)));
        var crossLayer = Line("cross-layer, without images", () => fresh.Dequeue().Equalize(EqualizationMethod.CrossLayer));
        var whole = Line("cross-layer, with images and certificate", () => network.Equalize(EqualizationMethod.CrossLayer, images));
        Line("two-step, with images and certificate", () => network.Equalize(EqualizationMethod.TwoStep, images));
        var result = network.Equalize(EqualizationMethod.TwoStep, images);
        Line("comparison of outputs node by node", () => EqualizationCertificate.Compare(network, result.Network, images, CancellationToken.None));
        Line("proof by structure", () => StructureCheck.Run(network, result.Network, images));
        // A calibration makes a session a layer; the pass that equalization itself makes, one session for all: of few small images the sessions are most of the first.
        Console.WriteLine($"cross-layer / pass: {crossLayer.Wall / pass.Wall:F2} wall, {crossLayer.Processor / pass.Processor:F2} CPU (goal 0.5), {crossLayer.Processor / plain.Processor:F2} CPU beside the pass in one session; in total {whole.Wall / 1000:F2} s (goal 2), {whole.Processor / 1000:F2} s of CPU");
    }

    private static double[] Ones(FactorProblem problem) => [.. Enumerable.Repeat(1.0, problem.Count)];

    private static (double Wall, double Processor) Line(string name, Action act)
    {
        using var process = Process.GetCurrentProcess();
        var (wall, processor) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            process.Refresh();
            var before = process.TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            act();
            wall = Math.Min(wall, watch.Elapsed.TotalMilliseconds);
            process.Refresh();
            processor = Math.Min(processor, (process.TotalProcessorTime - before).TotalMilliseconds);
        }
        Console.WriteLine($"  {name,-42} {wall,8:F1} {processor,8:F1}");
        return (wall, processor);
    }
}
