using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests;

/// <summary>The embedded networks and images.</summary>
internal static class TestData
{
    public const string MobileNetV1 = "mobilenet-v1-fashion";
    public const string MobileNetV2 = "mobilenet-v2-fashion";
    public const string ResNet14 = "resnet14-fashion";

    public const string TextDirection = "ppocr-text-direction";
    public const string TextRecognition = "ppocr-v4-text-recognition";

    public static TheoryData<string> Networks => [MobileNetV1, MobileNetV2, ResNet14];

    public static ImageSet Calibration { get; } = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration"));

    public static ImageSet Test { get; } = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "test"));

    public static ImageSet TextDirectionTest { get; } = ImageSet.Load(Repository.PathOf("data", "text-direction", "test"));

    public static ImageSet TextLinesTest { get; } = ImageSet.Load(Repository.PathOf("data", "text-lines", "test"));

    public static string PathOf(string network) => Repository.PathOf("data", "models", network + ".onnx");

    public static Network Load(string network, bool keepDeadChannels = false) =>
        Network.Load(PathOf(network), new LoadOptions { KeepDeadChannels = keepDeadChannels });
}
