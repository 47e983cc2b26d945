using System.Text.Json.Nodes;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>Every chart in a browser, 800 pixels wide: it has marks, its texts don't lie on each other, no script fails, and a chosen layer is marked in all.</summary>
[Collection(nameof(Browser))]
public sealed class ChartPageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task EveryChartHasMarksAndReadableTextsAndIsLinked()
    {
        var charts = Charts();
        var page = folder.Write("charts.html", HtmlPage.WithBody("Charts", string.Concat(charts.Select(chart => ResultPage.ChartHtml(chart.Figure)))));
        await using var browser = await Chromium.StartAsync(800, 1200);
        await browser.OpenAsync(new Uri(page).ToString());
        await browser.WaitForAsync($"document.querySelectorAll('.quant-chart').length === {charts.Count} && Array.from(document.querySelectorAll('.quant-chart')).every(chart => chart.querySelector('.main-svg'))");
        var seen = (await browser.EvaluateAsync(Inspection))!.AsArray();
        for (var index = 0; index < charts.Count; index++)
        {
            var (marks, overlaps) = (seen[index]!["marks"]!.GetValue<int>(), seen[index]!["overlaps"]!.AsArray().Select(pair => pair!.GetValue<string>()).ToArray());
            Assert.True(marks > 0, $"{charts[index].Name} has no marks.");
            Assert.True(overlaps.Length == 0, $"{charts[index].Name}: {string.Join("; ", overlaps.Take(5))}");
        }
        await ChoosesInAllChartsAsync(browser);
        await HeatMapListsActAsync(browser);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task ChartsFollowTheThemeOfAHostThatPaintsNoBackground()
    {
        // As the frame of outputs in VS Code: transparent, its theme a class of the body.
        var chart = ResultPage.ChartHtml(Charts()[0].Figure);
        var page = folder.Write("host.html", $"<!DOCTYPE html><html><body class=\"vscode-dark\">{PlotlyScript.ScriptElement}{chart}</body></html>");
        await using var browser = await Chromium.StartAsync(800, 900);
        await browser.OpenAsync(new Uri(page).ToString());
        await browser.WaitForAsync("document.querySelector('.quant-chart .gtitle')");
        const string titleIsLight = "(getComputedStyle(document.querySelector('.quant-chart .gtitle')).fill.match(/\\d+/g) || []).map(Number)[0] > 128";
        await browser.WaitForAsync(titleIsLight);
        Assert.Equal("dark", await browser.TextAsync("getComputedStyle(document.querySelector('.quant-controls select')).colorScheme"));
        await browser.EvaluateAsync("document.body.className = 'vscode-light'");
        await browser.WaitForAsync($"!({titleIsLight})");
        await browser.EvaluateAsync("document.body.className = 'vscode-high-contrast'");
        await browser.WaitForAsync(titleIsLight);
        Assert.Empty(browser.Errors);
    }

    private static async Task ChoosesInAllChartsAsync(Chromium browser)
    {
        // Every chart of the network's layers marks the one that was chosen in the heat map's list.
        await browser.EvaluateAsync("""
            (() => { const list = document.querySelector('.quant-controls select'); list.value = 4; list.dispatchEvent(new Event('change')); })()
            """);
        await browser.WaitForAsync("Plots().filter(plot => plot.layout.meta && plot.layout.meta.group === Plots()[0].layout.meta.group).every(plot => (plot.layout.shapes || []).length === 1)");
        var marked = (await browser.EvaluateAsync("Plots().filter(plot => (plot.layout.shapes || []).length === 1 && plot.layout.meta.axis).map(plot => plot.layout.shapes[0][plot.layout.meta.axis + '0'])"))!.AsArray();
        Assert.True(marked.Count >= 5, $"{marked.Count} charts are linked");
        Assert.All(marked, place => Assert.Equal(3.5, place!.GetValue<double>()));
    }

    private static async Task HeatMapListsActAsync(Chromium browser)
    {
        // Sorted: the cells of each row ascend. In units of the activation: a cell is what it was times its sigma.
        var raw = (await browser.EvaluateAsync(Heat + ".data[3].z[0].map((z, i) => z === null ? null : z * Heat().data[3].customdata[0][i])"))!.AsArray();
        await browser.EvaluateAsync("(() => { const list = document.querySelectorAll('.quant-controls select')[1]; list.value = 2; list.dispatchEvent(new Event('change')); })()");
        await browser.WaitForAsync(Heat + ".layout.yaxis2.title.text.includes('activation')");
        var shown = (await browser.EvaluateAsync(Heat + ".data[3].z[0]"))!.AsArray();
        foreach (var (expected, actual) in raw.Zip(shown)) Assert.Equal(expected!.GetValue<double>(), actual!.GetValue<double>(), 1e-9);
        await browser.EvaluateAsync("(() => { const list = document.querySelectorAll('.quant-controls select')[2]; list.value = 1; list.dispatchEvent(new Event('change')); })()");
        await browser.WaitForAsync(Heat + ".layout.xaxis.title.text.includes('sorted')");
        Assert.True((await browser.EvaluateAsync(Heat + ".data.filter(t => t.type === 'heatmap').every(t => t.z[0].filter(v => v !== null).every((v, i, all) => i === 0 || all[i - 1] <= v))"))!.GetValue<bool>());
    }

    private const string Heat = "Heat()";

    /// <summary>Defines what the test asks for, and says of each chart how many marks it has and which of its texts lie on each other.</summary>
    private const string Inspection = """
        (() => {
          window.Plots = () => Array.from(document.querySelectorAll('.quant-chart .js-plotly-plot'));
          window.Heat = () => Plots().find(plot => plot.layout.meta && plot.layout.meta.heatMap);
          const texts = '.xtick text, .ytick text, .x2tick text, .y2tick text, .gtitle, .g-xtitle text, .g-ytitle text, .g-x2title text, .g-y2title text, .legendtext, .cbaxis text, .cbtitle text, .textpoint text';
          return Plots().map(plot => {
            const marks = plot.querySelectorAll('.point, .points path, .hm image, .scatterlayer path, .boxes path, .lines path').length;
            const boxes = Array.from(plot.querySelectorAll(texts)).map(text => ({ text: text.textContent, box: text.getBoundingClientRect(), kind: text.parentElement.getAttribute('class') }))
              .filter(item => item.text.trim() && item.box.width > 0);
            const overlaps = [];
            for (let i = 0; i < boxes.length; i++)
              for (let j = i + 1; j < boxes.length; j++) {
                const a = boxes[i].box, b = boxes[j].box, slack = 2;
                if (a.left + slack < b.right && b.left + slack < a.right && a.top + slack < b.bottom && b.top + slack < a.bottom) overlaps.push(boxes[i].text + ' / ' + boxes[j].text);
              }
            // A point's name stands inside the axes.
            const area = plot.querySelector('.cartesianlayer .plot') && plot._fullLayout._size, frame = plot.getBoundingClientRect();
            if (area)
              for (const text of plot.querySelectorAll('.textpoint text')) {
                const box = text.getBoundingClientRect();
                if (box.left < frame.left + area.l || box.right > frame.right - area.r || box.top < frame.top + area.t || box.bottom > frame.bottom - area.b)
                  overlaps.push(text.textContent + ' reaches beyond the axes');
              }
            return { marks, overlaps };
          });
        })()
        """;

    private static List<(string Name, ChartFigure Figure)> Charts()
    {
        var network = Network.Load(Repository.PathOf("data", "models", "resnet14-fashion.onnx"));
        var images = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration")).Take(8);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(4);
        var shift = network.MeasureMeanShift(images, scheme, new MeanShiftOptions { Split = true });
        var corrected = network.CorrectBias(images, scheme, heldOut: images.Take(4));
        var equalized = network.Equalize(EqualizationMethod.CrossLayer);
        var worst = shift.Worst;
        // As deep as a ResNet-152.
        var deep = shift with { Layers = [.. Enumerable.Repeat(shift.Layers, 10).SelectMany(layers => layers)] };
        EvaluationResult Result(int bits, double accuracy) => new(network, QuantizationScheme.Int8PerTensor.WithBits(bits), images, 0.93, accuracy, 0.9, 20);
        return
        [
            ("heat map", ShiftHeatMap.Of(shift)), ("noise", NoiseChart.Of(shift)), ("noise before and after", NoiseChart.Of(shift, corrected.Network.MeasureMeanShift(images, scheme))),
            ("noise of 160 layers", NoiseChart.Of(deep)), ("heat map of 160 layers", ShiftHeatMap.Of(deep)), ("layer", LayerShiftChart.Of(worst)), ("waterfall", ShiftWaterfall.Of(worst)), ("contributions", ContributionChart.Of(shift)), ("prediction", PredictionChart.Of(shift)),
            ("distribution", DistributionChart.Of(network.MeasureDistribution(images, scheme, worst.Name, 0))), ("grid", GridChart.Of(network.Layers[1])), ("factorization", FactorizationChart.Of(network.Layers[1], 3, 4)),
            ("equalization", EqualizationChart.Of(equalized)), ("convergence", ConvergenceChart.Of(equalized)), ("boxes", ChannelRangeChart.AllLayers(equalized)), ("ranges", ChannelRangeChart.Of(equalized)),
            ("correction", CorrectionChart.Of(corrected)), ("sensitivity", SensitivityChart.Of(network.MeasureSensitivity(images, scheme))),
            ("accuracy", AccuracyChart.Of(Evaluate.Compare(("naive", Result(8, 0.4)), ("corrected", Result(8, 0.92))))),
            ("bits", BitsChart.Of(Evaluate.Compare(("naive", Result(8, 0.9)), ("naive", Result(4, 0.4)), ("corrected", Result(8, 0.92)), ("corrected", Result(4, 0.8))))),
            ("cost", CostChart.Of(new MethodCost("iterative", 1, 0.86), new MethodCost("fine-tuned", 40, 0.9))),
            // Long names at both ends and close together.
            ("cost of many", CostChart.Of(
                new MethodCost("analytic correction, no images", 0.3, 0.4, WilsonInterval.Of(0.4, 500)), new MethodCost("iterative correction, 16 images", 0.31, 0.86, WilsonInterval.Of(0.86, 500)),
                new MethodCost("iterative correction, 64 images", 0.9, 0.87, WilsonInterval.Of(0.87, 500)), new MethodCost("iterative, after the activation", 1.1, 0.865, WilsonInterval.Of(0.865, 500)),
                new MethodCost("quantization-aware training", 400, 0.9, WilsonInterval.Of(0.9, 500)))),
            ("network", NetworkGraphChart.Of(shift)), ("deep network", NetworkGraphChart.Of(Network.Load(Repository.PathOf("data", "models", "mobilenet-v2-fashion.onnx")))),
            ("training", TrainingChart.Of(new TrainingRun([new(0, double.NaN, 2, 0.5, 0), new(1, 1.5, 1, 0.8, 1)], 1, TrainingEnd.Completed, 8, 4))),
        ];
    }
}
