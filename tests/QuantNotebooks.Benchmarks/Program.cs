using System.Diagnostics;
using System.Globalization;
using QuantNotebooks.Benchmarks;
using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;

// speed:  measurement beside bare ONNX Runtime on the same images, as ratios of one run; speed [small] | sensitivity | growth with the number of images.
// cost:   iterative correction beside the same, in processor time, which other work on the machine changes little.
// equalize: equalization beside one pass over the calibration images.
// kernel: what a user waits for in a notebook, with the kernel that a kernelspec starts.
// memory: the 224x224 network under a budget, one kind of work a process: the peak of resident memory.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var scheme = QuantizationScheme.Int8PerTensor;
switch (args)
{
    case ["speed"]: Speed(large: true); break;
    case ["speed", "small"]: Speed(large: false); break;
    case ["cost"]: Cost(); break;
    case ["growth"]: Growth(); break;
    case ["equalize"]:
        EqualizationCost.Run(MobileNetV2.Create(), MobileNetV2.Images(64));
        EqualizationCost.Run(Load("mobilenet-v2-fashion"), Set("fashion-mnist", "calibration").Take(64));
        break;
    case ["sensitivity"]: Sensitivity(); break;
    case ["memory", "measure" or "correct", var size] when MemoryBudget.TryParse(size, out var budget): Memory(args[1] == "correct", budget!); break;
    case ["kernel", var kernelspec]: KernelTimes.Measure(kernelspec); break;
    default:
        Console.Error.WriteLine("usage: speed [small] | sensitivity | cost | equalize | growth | kernel KERNEL.JSON | memory measure|correct SIZE");
        return 2;
}
return 0;

static Network Load(string name) => Network.Load(Repository.PathOf("data", "models", name + ".onnx"));

static ImageSet Set(params string[] folders) => ImageSet.Load(Repository.PathOf(["data", .. folders]));

void Speed(bool large)
{
    Console.WriteLine("network                        images  float s  fake-quantized s  measure s  ratio (goal 2.5)  with split s  ratio (goal 4)");
    Compare(Load("mobilenet-v1-fashion"), Set("fashion-mnist", "test").Take(1024));
    Compare(Load("mobilenet-v2-fashion"), Set("fashion-mnist", "test").Take(1024));
    Compare(Load("ppocr-v4-text-recognition"), Set("text-lines", "test").Take(64));
    if (large) Compare(MobileNetV2.Create(), MobileNetV2.Images(64));
}

void Compare(Network network, ImageSet images)
{
    var ranges = network.Calibrate(images, scheme);
    network.MeasureMeanShift(images.Take(2), scheme, new() { Split = true });
    var (full, quantized, measured, split) = (double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue);
    // The least of three of each, in turn, so that what else the machine does weighs on all alike.
    for (var round = 0; round < 3; round++)
    {
        full = Math.Min(full, BareRuntime.Float(network, images));
        quantized = Math.Min(quantized, BareRuntime.FakeQuantized(network, images, scheme, ranges));
        measured = Math.Min(measured, Time(() => network.MeasureMeanShift(images, scheme)));
        split = Math.Min(split, Time(() => network.MeasureMeanShift(images, scheme, new() { Split = true })));
    }
    var bare = full + quantized;
    Console.WriteLine($"{network.Name,-30} {images.Count,6} {full,8:F2} {quantized,17:F2} {measured,10:F2} {measured / bare,17:F2} {split,13:F2} {split / bare,15:F2}");
}

// All layers alone beside the measurement of the mean shift, both from images and ranges to a report, on the usual sample and image for image.
void Sensitivity()
{
    Console.WriteLine("network                        images  layers  measure s  sample  sensitivity s  ratio (goal 2)  ratio an image");
    foreach (var (network, images) in ((Network, ImageSet)[])[
        (Load("mobilenet-v1-fashion"), Set("fashion-mnist", "test").Take(1024)), (Load("mobilenet-v2-fashion"), Set("fashion-mnist", "test").Take(1024)),
        (Load("resnet14-fashion"), Set("fashion-mnist", "test").Take(1024)), (Load("ppocr-v4-text-recognition"), Set("text-lines", "test").Take(64))])
    {
        var ranges = network.Calibrate(images, scheme);
        network.MeasureMeanShift(images.Take(2), scheme);
        var (measured, sensitivity) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < 3; round++)
        {
            measured = Math.Min(measured, Time(() => network.MeasureMeanShift(images, scheme, new() { Ranges = ranges })));
            sensitivity = Math.Min(sensitivity, Time(() => network.MeasureSensitivity(images, scheme, new() { Ranges = ranges })));
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
        (Load("mobilenet-v1-fashion"), Set("fashion-mnist", "test").Take(512)), (Load("mobilenet-v2-fashion"), Set("fashion-mnist", "test").Take(512)),
        (Load("resnet14-fashion"), Set("fashion-mnist", "test").Take(512)), (Load("ppocr-v4-text-recognition"), Set("text-lines", "test").Take(32)),
    })
    {
        var ranges = network.Calibrate(images, scheme);
        network.CorrectBias(images.Take(2), scheme);
        var (full, quantized, correct) = (double.MaxValue, double.MaxValue, double.MaxValue);
        for (var round = 0; round < 3; round++)
        {
            full = Math.Min(full, Processor(() => BareRuntime.Float(network, images)));
            quantized = Math.Min(quantized, Processor(() => BareRuntime.FakeQuantized(network, images, scheme, ranges)));
            correct = Math.Min(correct, Processor(() => network.CorrectBias(images, scheme)));
        }
        Console.WriteLine($"{network.Name,-30} {images.Count,6} {full,12:F2} {quantized,21:F2} {correct,14:F2} {correct / (full + quantized),15:F2}");
    }
}

void Growth()
{
    var network = Load("mobilenet-v2-fashion");
    var images = Set("fashion-mnist", "test");
    foreach (var count in (int[])[512, 1024, 2048]) Console.WriteLine($"{count,6} images {Time(() => network.MeasureMeanShift(images.Take(count), scheme)):F2} s");
}

void Memory(bool corrects, MemoryBudget budget)
{
    var network = MobileNetV2.Create();
    var images = MobileNetV2.Images(256);
    var seconds = Time(() =>
    {
        if (corrects) network.CorrectBias(images, scheme, memory: budget);
        else network.MeasureMeanShift(images, scheme, new() { Split = true, Memory = budget });
    });
    using var process = Process.GetCurrentProcess();
    Console.WriteLine($"{(corrects ? "correct" : "measure with split")}, {images.Count} images of 224x224, budget {budget}: {seconds:F1} s, peak resident {process.PeakWorkingSet64 >> 20} MiB (goal: budget + 300)");
}

static double Time(Action act)
{
    var watch = Stopwatch.StartNew();
    act();
    return watch.Elapsed.TotalSeconds;
}

static double Processor(Action act)
{
    using var process = Process.GetCurrentProcess();
    var before = process.TotalProcessorTime;
    act();
    process.Refresh();
    return (process.TotalProcessorTime - before).TotalSeconds;
}
