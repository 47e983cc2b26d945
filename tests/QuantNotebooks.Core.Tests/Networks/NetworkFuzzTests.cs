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

    [Theory]
    [MemberData(nameof(Networks))]
    public void Damage_is_survived_or_refused(string name, string kind, int seed)
    {
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(Repository.PathOf("data", "models", name + ".onnx"));
        var model = ModelProto.Parser.ParseFrom(original);
        // The smaller a file, the more cases; the weights are only dead freight.
        var cases = LongRun.Cases(kind == "bits" ? Math.Clamp(400_000_000 / original.Length, 80, 800) : Math.Clamp(60_000 / model.Graph.Node.Count, 100, 1000));
        var random = new Random(seed);
        var refused = 0;
        for (var index = 0; index < cases; index++)
        {
            var bytes = kind == "bits" ? Damage.Bytes(original, random) : Damage.Fields(model, random).ToByteArray();
            if (Environment.GetEnvironmentVariable("QUANTNB_FUZZ_LOG") is { } log) File.WriteAllBytes(Path.Combine(log, $"{name}-{kind}.onnx"), bytes);
            try
            {
                var network = Network.FromModel(OnnxFile.Parse(bytes, Path.Combine(folder.Path, "damaged.onnx")), new NetworkFacts("damaged", "damaged.onnx"), LoadOptions.Default);
                Assert.NotEmpty(network.ToModel().ToByteArray());
            }
            catch (QuantNotebooksException error)
            {
                refused++;
                Assert.DoesNotContain('\n', error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"case {index} of {name} by {kind}: {error.GetType().Name}: {error.Message}\n{error.StackTrace}");
            }
        }
        Assert.InRange(refused, cases / 50, cases);
    }
}
