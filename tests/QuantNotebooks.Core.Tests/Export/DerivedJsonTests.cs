using System.Text.Json;
using QuantNotebooks.Equalization;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>Networks, and what derives others from them, as JSON: by what must be true of the numbers, and by the networks themselves.</summary>
public sealed class DerivedJsonTests
{
    [Fact]
    public void A_network_names_its_layers_dead_channels_and_history()
    {
        var network = TestData.Load(TestData.MobileNetV1, keepDeadChannels: true);
        var json = Parse(network.ToJson());
        Assert.Equal(network.Sha256, json.GetProperty("model").GetProperty("networkSha256").GetString());
        Assert.True(json.GetProperty("keepsDeadChannels").GetBoolean());
        Assert.Equal("load", Assert.Single(json.GetProperty("history").EnumerateArray()).GetProperty("operation").GetString());
        foreach (var (layer, written) in network.Layers.Zip(json.GetProperty("layers").EnumerateArray(), (layer, written) => (layer, written)))
        {
            Assert.Equal((layer.Name, layer.Operator.ToString()), (written.GetProperty("name").GetString(), written.GetProperty("operator").GetString()));
            var shape = written.GetProperty("weightShape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
            Assert.Equal(layer.Weights.Length, shape.Aggregate(1L, (product, size) => product * size));
            Assert.Equal(layer.Weights.Length + layer.Bias.Length, written.GetProperty("parameters").GetInt32());
            var dead = written.GetProperty("deadChannels").EnumerateArray().ToArray();
            Assert.Equal(layer.DeadChannels.Select(channel => (channel.Channel, channel.Constant)), dead.Select(channel => (channel.GetProperty("channel").GetInt32(), channel.GetProperty("constant").GetSingle())));
        }
        Assert.Contains(json.GetProperty("layers").EnumerateArray(), layer => layer.GetProperty("deadChannels").GetArrayLength() > 0);

        var equalized = Parse(network.Equalize(EqualizationMethod.CrossLayer).Network.ToJson());
        var entry = equalized.GetProperty("history").EnumerateArray().Last();
        Assert.Equal(network.Sha256, entry.GetProperty("parentSha256").GetString());
    }

    [Fact]
    public void Factors_carry_the_ranges_of_values_and_of_weights()
    {
        var network = TestData.Load(TestData.ResNet14);
        var result = network.Equalize(EqualizationMethod.CrossLayer, TestData.Calibration.Take(4));
        var json = Parse(result.ToJson());
        Assert.Equal((network.Sha256, result.Network.Sha256), (
            json.GetProperty("model").GetProperty("networkSha256").GetString(), json.GetProperty("equalized").GetProperty("networkSha256").GetString()));
        Assert.Equal("cross-layer", json.GetProperty("method").GetString());
        Assert.Equal(result.Groups.Length, json.GetProperty("groups").GetArrayLength());
        foreach (var group in json.GetProperty("groups").EnumerateArray())
        {
            // A channel's values are times its factor; the weights that make it are divided by their inputs' factors too.
            AssertEqual(Numbers(group, "activationBefore").Zip(Numbers(group, "factors"), (range, factor) => range * factor), Numbers(group, "activationAfter"));
            var producers = group.GetProperty("producers").EnumerateArray().Select(name => name.GetString()!).ToArray();
            if (producers.Length > 1) continue;
            AssertEqual(LargestWeights(network.Layer(producers[0])), Numbers(group, "rangeBefore"));
            AssertEqual(LargestWeights(result.Network.Layer(producers[0])), Numbers(group, "rangeAfter"));
        }
        Assert.InRange(json.GetProperty("certificate").GetProperty("maxRelativeDifference").GetDouble(), 0, 1e-5);
        Assert.True(json.GetProperty("structure").GetProperty("holds").GetBoolean());
        Assert.Empty(json.GetProperty("structure").GetProperty("faults").EnumerateArray());
        Assert.All(json.GetProperty("refused").EnumerateArray(), edge => Assert.NotEmpty(edge.GetProperty("reason").GetString()!));
    }

    [Fact]
    public void Absorbed_biases_and_dead_channels_say_who_took_them_up()
    {
        // Channel 0 lies at 10 with sigma 1, always above zero; channel 1 is dead behind the ReLU.
        var network = new GraphBuilder().Input("x", 0, 1, 4).RandomConstant("a", 2, 1, 1).Constant("gamma", [2], 1, 1).Constant("beta", [2], 10, 0)
            .Constant("mean", [2], 0, 0).Constant("variance", [2], 1, 0).RandomConstant("b", 1, 2, 1)
            .Node("Conv", ["x", "a"], "t").Node("BatchNormalization", ["t", "gamma", "beta", "mean", "variance"], "n").Node("Relu", ["n"], "u")
            .Node("Conv", ["u", "b"], "y").Output("y").Load(new LoadOptions { KeepDeadChannels = true });
        var (first, second) = (network.Layers[0].Name, network.Layers[1].Name);
        var absorbed = Parse(network.AbsorbHighBias().ToJson());
        var layer = Assert.Single(absorbed.GetProperty("layers").EnumerateArray());
        Assert.Equal((3, 7), (absorbed.GetProperty("sigmas").GetDouble(), Numbers(layer, "absorbed")[0]));
        Assert.Equal(second, Assert.Single(layer.GetProperty("readers").EnumerateArray()).GetString());
        Assert.Equal(JsonValueKind.Null, layer.GetProperty("skipped").ValueKind);
        Assert.Equal(JsonValueKind.Null, absorbed.GetProperty("certificate").GetProperty("maxAbsoluteDifference").ValueKind);

        var without = Parse(network.EliminateDeadChannels().ToJson());
        var dead = Assert.Single(without.GetProperty("channels").EnumerateArray());
        Assert.Equal((first, 1, 0f), (dead.GetProperty("layer").GetString(), dead.GetProperty("channel").GetInt32(), dead.GetProperty("constant").GetSingle()));
        Assert.NotEqual(network.Sha256, without.GetProperty("withoutDead").GetProperty("networkSha256").GetString());
    }

    [Fact]
    public void An_export_says_what_lies_in_the_file()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "o.onnx");
        var network = TestData.Load(TestData.ResNet14);
        var json = Parse(network.SaveQdq(file, QuantizationScheme.Int8PerTensor, TestData.Calibration.Take(8)).ToJson());
        Assert.Equal(("qdq", new FileInfo(file).Length), (json.GetProperty("format").GetString(), json.GetProperty("bytes").GetInt64()));
        Assert.Equal(QuantNotebooks.Onnx.OnnxFile.Parse(File.ReadAllBytes(file), file).OpsetImport.Single(import => import.Domain.Length == 0).Version, json.GetProperty("opset").GetInt64());
        Assert.Equal(network.Layers.Select(layer => layer.Name), json.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("name").GetString()));
        Assert.All(json.GetProperty("layers").EnumerateArray(), layer => Assert.Equal(
            ("int8", "int32", "uint8"), (layer.GetProperty("weights").GetString(), layer.GetProperty("bias").GetString(), layer.GetProperty("output").GetString())));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("check").ValueKind);
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static double[] Numbers(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    private static IEnumerable<double> LargestWeights(Layer layer)
    {
        var perChannel = layer.Weights.Length / layer.Channels;
        return Enumerable.Range(0, layer.Channels).Select(channel => (double)layer.Weights.Slice(channel * perChannel, perChannel).ToArray().Max(MathF.Abs));
    }

    private static void AssertEqual(IEnumerable<double> expected, double[] actual)
    {
        var wanted = expected.ToArray();
        Assert.Equal(wanted.Length, actual.Length);
        Assert.All(wanted.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(1, pair.First)));
    }
}
