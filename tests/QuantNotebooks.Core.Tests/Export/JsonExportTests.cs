using System.Text.Json;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>Reports as JSON: numbers read back as they were, and what is no number is null.</summary>
public sealed class JsonExportTests
{
    private static readonly QuantizationScheme NotQuantized = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };

    [Fact]
    public void Numbers_read_back_exactly()
    {
        var report = TestData.Load(TestData.ResNet14).MeasureMeanShift(TestData.Calibration.Take(8), QuantizationScheme.Int8PerTensor);
        var layers = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("layers").EnumerateArray().ToArray();
        Assert.Equal(report.Layers.Length, layers.Length);
        foreach (var (layer, json) in report.Layers.Zip(layers))
        {
            Assert.Equal(layer.Before.Channels.Select(channel => channel.MeanShift), json.GetProperty("meanShift").EnumerateArray().Select(value => value.GetDouble()));
            Assert.Equal(layer.Before.RootQnsr, json.GetProperty("rqnsr").GetDouble());
        }
        Assert.Equal(report.ToJson(), report.ToJson());
    }

    [Fact]
    public void What_is_no_number_is_null()
    {
        // Without noise the share is 0/0 and the SQNR infinite; with one image there is no standard error.
        var report = TestData.Load(TestData.ResNet14).MeasureMeanShift(TestData.Calibration.Take(1), NotQuantized);
        var layer = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("layers")[0];
        Assert.Equal(0, layer.GetProperty("rqnsr").GetDouble());
        Assert.Equal(JsonValueKind.Null, layer.GetProperty("meanShiftShare").ValueKind);
        Assert.Equal(JsonValueKind.Null, layer.GetProperty("sqnrDb").ValueKind);
        Assert.All(layer.GetProperty("standardError").EnumerateArray(), value => Assert.Equal(JsonValueKind.Null, value.ValueKind));
        Assert.All(layer.GetProperty("meanShift").EnumerateArray(), value => Assert.Equal(0, value.GetDouble()));
    }

    [Fact]
    public void A_float_evaluation_has_no_quantized_figures()
    {
        var json = JsonDocument.Parse(TestData.Load(TestData.ResNet14).Evaluate(TestData.Test.Take(20)).ToJson()).RootElement;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("scheme").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("quantized").ValueKind);
        Assert.InRange(json.GetProperty("float").GetDouble(), 0.5, 1);
        Assert.Equal(1, json.GetProperty("contract").GetInt32());
    }

    [Fact]
    public void A_report_is_written_whole_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "report.json");
        ReportFile.Write(file, "{}");
        ReportFile.Write(file, "{\"a\": 1}");
        Assert.Equal("{\"a\": 1}", File.ReadAllText(file));
        Assert.Single(Directory.GetFiles(folder.Path));
        Assert.Contains("there is no folder", Assert.Throws<QuantNotebooksException>(() =>
            ReportFile.Write(Path.Combine(folder.Path, "missing", "report.json"), "{}")).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<QuantNotebooksException>(() => ReportFile.Write(folder.Path, "{}")).Message, StringComparison.Ordinal);
    }
}
