using System.Globalization;
using QuantNotebooks.Benchmarks;
using QuantNotebooks.Benchmarks.Cost;
using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

// table:  what the project holds itself to, as a Markdown file: everything from kernels to large below; about half an hour on two quiet cores.
// kernels: the hot kernels beside the memory bandwidth, by BenchmarkDotNet.
// inputs: the kernels that memory does not bound, on inputs that take one of their costs away.
// jobs:   every kind of work beside bare ONNX Runtime on the same images, as ratios of one run.
// profile: where the time of a measurement and of a correction goes.
// large:  ResNet-152 and the linear layers of a transformer of a billion parameters, predicted from shapes and measured.
// sweep:  eight experiments that share a network beside one of them.
// growth: with the number of images, and with the number of layers.
// memory: the 224x224 network under a budget, one kind of work a process: the peak of resident memory.
// cost:   iterative correction beside bare ONNX Runtime, in processor time, which other work on the machine changes little.
// equalize: equalization beside one pass over the calibration images.
// kernel: what a user waits for in a notebook, with the kernel that a kernelspec starts.
// sensitivity: all layers alone beside the measurement of the mean shift.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var scheme = QuantizationScheme.Int8PerTensor;
switch (args)
{
    case ["table", var path]:
        File.WriteAllText(path, "");
        foreach (var section in ResultsTable.Measure()) File.AppendAllText(path, section);
        break;
    case ["kernels"]: Console.Write(KernelTable.Measure()); break;
    case ["inputs"]: Console.Write(KernelInputs.Measure()); break;
    case ["jobs", var path]: File.WriteAllText(path, ResultsTable.MeasureJobs()); break;
    case ["jobs"]: Console.Write(JobTable.Measure()); break;
    case ["training", .. var names]: Console.Write(JobTable.MeasureTraining(names)); break;
    case ["profile", .. var names]: Console.Write(ProfileTable.Measure(names)); break;
    case ["sweep"]: Console.Write(SweepCost.Measure()); break;
    case ["sweep", var network, var count]: SweepCost.Run(network, int.Parse(count, CultureInfo.InvariantCulture)); break;
    case ["cost"]: Cost(); break;
    case ["equalize"]:
        EqualizationCost.Run(MobileNetV2.Create(), MobileNetV2.Images(64));
        EqualizationCost.Run(Data.Network("mobilenet-v2-fashion"), Data.Images("fashion-mnist", "calibration").Take(64));
        break;
    case ["large"]: Console.Write(LargeNetworks.Measure()); break;
    case ["large", var kind, var size]: LargeNetworks.Run(kind, int.Parse(size, CultureInfo.InvariantCulture)); break;
    case ["growth"]: Console.Write(GrowthTable.Measure()); break;
    case ["sensitivity"]: Sensitivity(); break;
    case ["memory", "measure" or "correct", var size] when MemoryBudget.TryParse(size, out var budget): Console.Write(PeakMemory.Row(args[1] == "correct", budget!)); break;
    case ["kernel", var kernelspec]: KernelTimes.Measure(kernelspec); break;
    default:
        Console.Error.WriteLine("usage: table FILE | kernels | inputs | jobs [FILE] | training [NETWORK ...] | profile [NETWORK ...] | sweep | large | sensitivity | cost | equalize | growth | kernel KERNEL.JSON | memory measure|correct SIZE");
        return 2;
}
return 0;

// All layers alone beside the measurement of the mean shift, both from images and ranges to a report, on the usual sample and image for image.
void Sensitivity()
{
    Console.WriteLine("network                        images  layers  measure s  sample  sensitivity s  ratio (goal 2)  ratio an image");
    foreach (var (network, images) in ((Network, ImageSet)[])[
        (Data.Network("mobilenet-v1-fashion"), Data.Images("fashion-mnist", "test").Take(1024)), (Data.Network("mobilenet-v2-fashion"), Data.Images("fashion-mnist", "test").Take(1024)),
        (Data.Network("resnet14-fashion"), Data.Images("fashion-mnist", "test").Take(1024)), (Data.Network("ppocr-v4-text-recognition"), Data.Images("text-lines", "test").Take(64))])
    {
        var ranges = network.Calibrate(images, scheme);
        network.MeasureMeanShift(images.Take(2), scheme);
        var (measured, sensitivity) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < 3; round++)
        {
            measured = Math.Min(measured, Stopwatches.Run(() => network.MeasureMeanShift(images, scheme, new() { Ranges = ranges })).Wall);
            sensitivity = Math.Min(sensitivity, Stopwatches.Run(() => network.MeasureSensitivity(images, scheme, new() { Ranges = ranges })).Wall);
        }
        var sample = SensitivityOptions.SampleOf(network, images);
        var ratio = sensitivity / measured;
        Console.WriteLine($"{network.Name,-30} {images.Count,6} {network.Layers.Length,7} {measured,10:F2} {sample,7} {sensitivity,14:F2} {ratio,15:F2} {ratio * images.Count / sample,15:F1}");
    }
}

void Cost()
{
    Console.WriteLine("network                        images  float CPU s  fake-quantized CPU s  correct CPU s  ratio (goal 3)");
    foreach (var (network, images) in new (Network, ImageSet)[]
    {
        (Data.Network("mobilenet-v1-fashion"), Data.Images("fashion-mnist", "test").Take(1024)), (Data.Network("mobilenet-v2-fashion"), Data.Images("fashion-mnist", "test").Take(1024)),
        (Data.Network("resnet14-fashion"), Data.Images("fashion-mnist", "test").Take(1024)), (Data.Network("ppocr-v4-text-recognition"), Data.Images("text-lines", "test").Take(64)),
    })
    {
        var ranges = network.Calibrate(images, scheme);
        network.CorrectBias(images.Take(2), scheme);
        var (full, quantized, correct) = (double.MaxValue, double.MaxValue, double.MaxValue);
        for (var round = 0; round < 3; round++)
        {
            full = Math.Min(full, Stopwatches.Run(() => BareRuntime.Float(network, images)).Processor);
            quantized = Math.Min(quantized, Stopwatches.Run(() => BareRuntime.FakeQuantized(network, images, scheme, ranges)).Processor);
            correct = Math.Min(correct, Stopwatches.Run(() => network.CorrectBias(images, scheme)).Processor);
        }
        Console.WriteLine($"{network.Name,-30} {images.Count,6} {full,12:F2} {quantized,21:F2} {correct,14:F2} {correct / (full + quantized),15:F2}");
    }
}
