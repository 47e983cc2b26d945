using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>export</c>: a file that ONNX Runtime runs, what it says of it, and what it refuses.</summary>
public sealed class ExportCommandTests
{
    private static string[] Words(string file, params string[] options) =>
        ["export", Cli.Model(Cli.ResNet), "--calibration", Cli.Calibration, "--calibration-count", "32", "--out", file, .. options];

    [Fact]
    public async Task TheReportSaysHowFarTheIntegerKernelsAgree()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("resnet14.int8.onnx");
        var json = await Cli.JsonAsync(Words(file, "--reduce-range", "--check", Cli.Test, "--check-count", "100"));
        Assert.Equal("qdq", json.GetProperty("format").GetString());
        Assert.All(json.GetProperty("layers").EnumerateArray(), layer => Assert.Equal("int8", layer.GetProperty("weights").GetString()));
        var check = json.GetProperty("check");
        Assert.Equal(100, check.GetProperty("images").GetProperty("count").GetInt32());
        Assert.True(check.GetProperty("agrees").GetBoolean());
        Assert.InRange(check.GetProperty("asItRuns").GetProperty("sameAnswer").GetDouble(), 0.995, 1);
        Assert.StartsWith("ONNX Runtime, with this file, and the simulation give the same answer to ", check.GetProperty("explanation")[0].GetString(), StringComparison.Ordinal);
        using var session = new InferenceSession(file);
        Assert.Equal(["logits"], session.OutputNames);
    }

    /// <summary>ONNX Runtime computes such a file in floating point, so the two agree to float32.</summary>
    [Fact]
    public async Task WeightsAloneNeedNoCalibration()
    {
        using var folder = new TemporaryFolder();
        string[] scheme = ["--scheme", "weights-only-8"];
        var json = await Cli.JsonAsync(["export", Cli.Model(Cli.ResNet), .. scheme, "--check", Cli.Test, "--check-count", "50", "--out", folder.File("x.onnx")]);
        Assert.InRange(json.GetProperty("check").GetProperty("asItRuns").GetProperty("largestInSteps").GetDouble(), 0, 0.01);
        var evaluation = await Cli.JsonAsync(["evaluate", Cli.Model(Cli.ResNet), .. scheme, "--images", Cli.Test, "--count", "50"]);
        Assert.InRange(evaluation.GetProperty("sqnrDb").GetDouble(), 20, 80);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, evaluation.GetProperty("calibration").ValueKind);
    }

    [Fact]
    public async Task AnExportInFloatingPointIsTheNetwork()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("float.onnx");
        var (exitCode, output, error) = await Cli.InvokeAsync("export", Cli.Model(Cli.ResNet), "--format", "float", "--out", file);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("floating point", output, StringComparison.Ordinal);
        Assert.Equal(Cli.Load(Cli.ResNet).Layers.Select(layer => layer.Name), Network.Load(file).Layers.Select(layer => layer.Name));
    }

    [Theory]
    [InlineData("--check-count counts the images of --check, which is missing.", "--check-count", "3")]
    [InlineData("--reduce-range means 7-bit weights, so it can't be given together with --weight-bits.", "--reduce-range", "--weight-bits", "8")]
    [InlineData("--format float quantizes nothing, so it can't be given together with --check.", "--format", "float", "--check", "images")]
    public async Task WhatContradictsItselfIsRefused(string message, params string[] options)
    {
        using var folder = new TemporaryFolder();
        var (exitCode, _, error) = await Cli.InvokeAsync(Words(folder.File("x.onnx"), options));
        Assert.Equal(2, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("x.onnx")));
    }

    [Fact]
    public async Task ImagesToCheckThatAreNotThereAreToldBeforeAnythingIsWritten()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, _, error) = await Cli.InvokeAsync(Words(folder.File("x.onnx"), "--check", folder.File("nowhere")));
        Assert.Equal(1, exitCode);
        Assert.Contains("nowhere", error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("x.onnx")));
    }
}
