using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>plot</c>: one chart, of a file on the command line and of a variable in a cell.</summary>
public sealed class PlotCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ANetworkIsDrawnAsItsGraphWithEveryLayer()
    {
        var page = _folder.File("graph.html");
        var (exitCode, output, error) = await Cli.InvokeAsync("plot", Cli.Model(Cli.ResNet), "--html", page);
        Assert.True(exitCode == 0, error);
        Assert.Contains("--html FILE draws it", output, StringComparison.Ordinal);
        var html = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        Assert.Contains("<h1>plot resnet14-fashion.onnx</h1>", html, StringComparison.Ordinal);
        Assert.Contains("class=\"quant-chart\"", html, StringComparison.Ordinal);
        var figure = (await Cli.JsonAsync("plot", Cli.Model(Cli.ResNet), "--chart", "graph")).GetProperty("data").ToString();
        foreach (var layer in Network.Load(Cli.Model(Cli.ResNet)).Layers) Assert.Contains(layer.Name, figure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatisticsOfAFileAreDrawnAsTheReportIs()
    {
        var file = _folder.File("whole.qns");
        Assert.Equal(0, (await Cli.InvokeAsync("shift", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "8", "--statistics", file)).ExitCode);
        var (exitCode, output, error) = await Cli.InvokeAsync("plot", file, "--chart", "noise");
        Assert.True(exitCode == 0, error);
        var report = Network.Load(Cli.Model(Cli.ResNet)).MeasureMeanShift(
            Cli.CalibrationImages(8), QuantizationScheme.Int8PerTensor, cancellation: TestContext.Current.CancellationToken);
        var expected = NoiseChart.Of(report);
        Assert.StartsWith(expected.Title, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AVariableIsDrawnByEveryChartOfItsKindAndTheChartIsAVariable()
    {
        using var session = new NotebookSession(NotebookEnvironment.Options(null));
        var output = new RecordingOutput();
        var cell = $"""
            var images = ImageSet.Load("{Cli.Calibration}").Take(8);
            #!quant-shift {Cli.Model(Cli.ResNet)} --images images --weight-bits 4 --split --as shift
            #!quant-equalize {Cli.Model(Cli.ResNet)} --images images --method cross-layer --as equalized
            #!quant-plot shift --as first
            #!quant-plot shift --chart noise
            #!quant-plot shift --chart contribution
            #!quant-plot shift --chart graph
            #!quant-plot shift --chart channels --layer features.1.c1.0
            #!quant-plot shift --chart waterfall --as waterfall
            #!quant-plot equalized --chart convergence
            #!quant-plot equalized --chart channels --layer features.1.c1.0 --as channels
            """;
        var result = await session.RunAsync(cell, output, TestContext.Current.CancellationToken);
        Assert.True(result is CellSucceeded, result.Error is { } error ? string.Join('\n', error.Traceback) : "");
        foreach (var (name, says) in new[] { ("first", "carries the largest mean shift"), ("waterfall", "features."), ("channels", "features.1.c1.0") })
        {
            var value = Assert.IsType<CellSucceeded>(await session.RunAsync(name, output, TestContext.Current.CancellationToken)).Value;
            Assert.Contains(says, Assert.IsType<ChartFigure>(value).Title, StringComparison.Ordinal);
        }
    }
}
