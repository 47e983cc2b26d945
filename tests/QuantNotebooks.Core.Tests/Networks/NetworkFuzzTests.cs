using Google.Protobuf;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Damaged networks load or are refused with the library's own exception; nothing else, and nothing hangs.</summary>
public sealed class NetworkFuzzTests
{
    public static TheoryData<string, string, int> Networks => new(
        from network in new[] { "mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion", "ppocr-text-direction", "ppocr-v4-text-recognition" }
        from kind in new[] { "bits", "fields" }
        select (network, kind, network.Length));

    private const long MostBytes = 128L << 20;

    [Theory]
    [MemberData(nameof(Networks))]
    public void Damage_is_survived_or_refused(string name, string kind, int seed)
    {
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(Repository.PathOf("data", "models", name + ".onnx"));
        var model = ModelProto.Parser.ParseFrom(original);
        // The smaller a file, the more cases; the weights are only dead freight.
        var usual = kind == "bits" ? Math.Clamp(400_000_000 / original.Length, 80, 800) : Math.Clamp(60_000 / model.Graph.Node.Count, 100, 1000);
        var result = Fuzzing.Run(usual, seed, random => kind == "bits" ? Damage.Bytes(original, random) : Damage.Fields(model, random).ToByteArray(), Take, MostBytes + 32L * original.Length);
        Assert.InRange(result.Refused, LongRun.Cases(usual) / 50, LongRun.Cases(usual));

        void Take(byte[] bytes)
        {
            if (Environment.GetEnvironmentVariable("QUANTNB_FUZZ_LOG") is { } log) File.WriteAllBytes(Path.Combine(log, $"{name}-{kind}.onnx"), bytes);
            var network = Network.FromModel(OnnxFile.Parse(bytes, Path.Combine(folder.Path, "damaged.onnx")), new NetworkFacts("damaged", "damaged.onnx"), LoadOptions.Default);
            Assert.NotEmpty(network.ToModel().ToByteArray());
        }
    }
}
