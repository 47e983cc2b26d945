using QuantNotebooks.Experiments;
using QuantNotebooks.Quantization;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Experiments;

/// <summary>Reading plans.</summary>
public sealed class ExperimentPlanTests
{
    private const string Images = """ "images": { "test": "fashion-mnist/test", "calibration": "fashion-mnist/calibration" } """;
    private const string Networks = """ "networks": ["models/resnet14-fashion.onnx"] """;
    private const string Methods = """ "methods": ["naive"] """;
    private const string Schemes = """ "schemes": [8] """;

    [Fact]
    public void A_plan_is_what_it_says()
    {
        var plan = Parse($$"""
            { "images": { "test": "fashion-mnist/test", "testCount": 10, "calibration": "fashion-mnist/calibration", "calibrationCount": 20, "trainingCount": 30 },
              "networks": ["models/resnet14-fashion.onnx", { "model": "models/mobilenet-v1-fashion.onnx", "name": "v1", "keepDeadChannels": true,
                "images": { "test": "text-direction/test", "calibration": "text-direction/calibration" } }],
              "methods": ["naive", "cross-layer + iterative", { "method": "train", "epochs": 3, "learningRate": 0.5, "name": "trained" }],
              "schemes": [4, "8/float:per-channel", { "weightBits": 5, "activationBits": null, "symmetricWeights": false }], "seeds": [1, 2] }
            """);
        Assert.Equal([("resnet14-fashion", false), ("v1", true)], plan.Networks.Select(network => (network.Name, network.KeepsDeadChannels)));
        Assert.Equal((10, 20, 30), (plan.Networks[0].Images.TestCount, plan.Networks[0].Images.CalibrationCount, plan.Networks[0].Images.TrainingCount));
        Assert.Equal(plan.Networks[0].Images.Calibration, plan.Networks[0].Images.Training);
        Assert.Equal(Repository.PathOf("data", "text-direction/test"), plan.Networks[1].Images.Test);
        Assert.Equal(["", "cross-layer,iterative", "train"], plan.Methods.Select(method => string.Join(',', method.Steps.Select(step => step.Name))));
        Assert.Equal(("trained", 3, 0.5), (plan.Methods[2].Name, plan.Methods[2].Epochs, plan.Methods[2].LearningRate));
        Assert.Equal(
            [QuantizationScheme.Int8PerTensor.WithBits(4), QuantizationScheme.WeightsOnly8, QuantizationScheme.Int8PerTensor with { WeightBits = 5, ActivationBits = null, SymmetricWeights = false }],
            plan.Schemes.AsEnumerable());
        // Two networks, three schemes; two methods once, one with two seeds.
        Assert.Equal(2 * 3 * 4, plan.Experiments.Length);
    }

    [Theory]
    [InlineData("{", "is not valid JSON")]
    [InlineData("{ }", "networks is missing")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, {{Schemes}}, "bits": [4] }""", "bits is not a known field")]
    [InlineData($$"""{ {{Networks}}, {{Methods}}, {{Schemes}} }""", "networks[0] has no images")]
    [InlineData($$"""{ {{Images}}, "networks": ["models/resnet14-fashion.onnx", "models/none.onnx"], {{Methods}}, {{Schemes}} }""", "networks[1] names '")]
    [InlineData($$"""{ {{Images}}, "networks": ["models/resnet14-fashion.onnx", "models/resnet14-fashion.onnx"], {{Methods}}, {{Schemes}} }""", "networks[1] has the same name as entry 0")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, "methods": ["naive", "iterativ"], {{Schemes}} }""", "methods[1] names 'iterativ', which is no method; did you mean 'iterative'?")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, "methods": ["iterative + cross-layer"], {{Schemes}} }""", "methods[0] has 'cross-layer' behind 'iterative', whose work it would undo")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, "methods": [{ "method": "iterative", "epochs": 3 }], {{Schemes}} }""", "methods[0].epochs says nothing to 'iterative', which does not train")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, "schemes": [8, 17] }""", "schemes[1] weight bits must be 2 to 16, not 17")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, "schemes": ["4/x"] }""", "schemes[0] is no scheme: '4/x' is neither bits")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, "schemes": ["4:perchannel"] }""", "schemes[0] is no scheme: 'perchannel' is neither 'per-channel' nor an estimator")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, "schemes": [{ "weightBits": 4, "activationBits": 4, "perchannel": true }] }""", "schemes[0].perchannel is not a known field")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, "schemes": [4, "4/4"] }""", "schemes[1] has the same scheme as entry 0")]
    [InlineData($$"""{ {{Images}}, {{Networks}}, {{Methods}}, {{Schemes}}, "seeds": [1.5] }""", "seeds[0] is the number 1.5; it must be a whole number")]
    [InlineData($$"""{ "images": { "test": "fashion-mnist/none", "calibration": "fashion-mnist/calibration" }, {{Networks}}, {{Methods}}, {{Schemes}} }""", "images.test names '")]
    [InlineData($$"""{ "images": { "test": "fashion-mnist/test", "calibration": "fashion-mnist/test/" }, {{Networks}}, {{Methods}}, {{Schemes}} }""", "images has the same set to calibrate and to test on")]
    public void A_wrong_entry_is_named(string json, string wanted)
    {
        var error = Assert.Throws<QuantNotebooksException>(() => Parse(json));
        Assert.StartsWith("'plan.json'", error.Message, StringComparison.Ordinal);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    private static ExperimentPlan Parse(string json) => ExperimentPlan.Parse(
        json, "plan.json", Repository.PathOf("data"), [.. ExperimentStep.Known, new ExperimentStep("train", inputs => inputs.Network) { Trains = true, IsRandom = true }]);
}
