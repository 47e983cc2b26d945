using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Core.Tests.Evaluation;

/// <summary>Accuracies against figures that another implementation measured, and against counting by hand.</summary>
public sealed class EvaluationTests
{
    [Theory]
    [InlineData(TestData.MobileNetV1, 0.9240)]
    [InlineData(TestData.MobileNetV2, 0.9194)]
    [InlineData(TestData.ResNet14, 0.9276)]
    public void Full_precision_accuracy_is_the_stated_one(string name, double expected)
    {
        // An image whose two best classes tie to float rounding may fall either way.
        Assert.Equal(expected, TestData.Load(name).Evaluate(TestData.Test).FloatAccuracy!.Value, 2e-4);
    }

    [Fact]
    public void The_direction_of_text_is_told_as_well_as_stated()
    {
        // Stated is 99.2 % of 1,000 other images; with 400 images that leaves 97.8 to 99.8 %.
        var result = TestData.Load(TestData.TextDirection).Evaluate(TestData.TextDirectionTest);
        Assert.InRange(result.FloatAccuracy!.Value, 0.978, 0.998);
        Assert.Null(result.FloatTop5);
    }

    [Fact]
    public void Lines_of_text_are_read_as_well_as_stated()
    {
        // Stated is that all of 64 lines are read right.
        var lines = TestData.TextLinesTest.Take(64);
        var result = TestData.Load(TestData.TextRecognition).Evaluate(lines);
        Assert.Equal(AccuracyMetric.Lines, result.Metric);
        Assert.Equal(1, result.FloatAccuracy);
        Assert.Equal(1, result.FloatCharacters);
        Assert.Equal(lines.Texts, result.Readings.Select(reading => reading.Float));
        Assert.Equal(lines.Texts, result.Readings.Select(reading => reading.Expected));
    }

    [Fact]
    public void A_label_that_is_no_class_of_the_network_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("upright/1.png", Images.PngBytes.Rgb8(48, 192, new byte[3 * 48 * 192]));
        folder.Write("upsidedown/1.png", Images.PngBytes.Rgb8(48, 192, new byte[3 * 48 * 192]));
        var images = QuantNotebooks.Images.ImageSet.Load(folder.Path);
        var error = Assert.Throws<QuantNotebooksException>(() => TestData.Load(TestData.TextDirection).Evaluate(images));
        Assert.Equal(
            $"The images of '{images.Name}' are labelled 'upsidedown', which is no class of 'ppocr-text-direction': its sidecar names 'upright', 'upside-down'; did you mean 'upside-down'?",
            error.Message);
    }

    /// <summary>Expected top-1 before and after iterative correction: measured by another implementation on the whole test set.</summary>
    [Theory]
    [InlineData(TestData.MobileNetV1, true, 8, 0.11, 0.86)]
    [InlineData(TestData.MobileNetV2, true, 8, 0.398, 0.777)]
    [InlineData(TestData.MobileNetV1, false, 8, 0.926, 0.922)]
    [InlineData(TestData.MobileNetV2, false, 8, 0.915, 0.922)]
    [InlineData(TestData.ResNet14, false, 8, 0.930, 0.931)]
    public void Quantized_accuracy_before_and_after_correction_is_what_another_implementation_found(
        string name, bool keepDeadChannels, int bits, double naive, double corrected)
    {
        var network = TestData.Load(name, keepDeadChannels);
        var calibration = TestData.Calibration.Take(256);
        var test = TestData.Test.Take(2000);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(bits);
        Assert.InRange(network.Evaluate(test, scheme, calibration).QuantizedAccuracy!.Value, naive - 0.05, naive + 0.05);
        Assert.InRange(network.CorrectBias(calibration, scheme).Network.Evaluate(test, scheme).QuantizedAccuracy!.Value, corrected - 0.05, corrected + 0.05);
    }

    [Fact]
    public void Figures_are_those_of_a_count_by_hand()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Test.Take(150);
        var calibration = TestData.Calibration.Take(64);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(4) with { Bias = BiasPrecision.Float };
        var result = network.Evaluate(images, scheme, calibration);

        var input = new float[150 * 1024];
        network.Task!.Input.Preprocessing.Fill(images, 0, 150, input);
        long[] shape = [150, 1, 32, 32];
        var full = ModelRun.Tensors(network.ToModel(), input, shape)["logits"].Values;
        var quantized = ModelRun.Tensors(
            Sweep.NaiveQuantizedRun.Quantize(network, QuantNotebooks.Sweep.Calibration.Calibrate(network, calibration), 4, 4), input, shape)["logits"].Values;
        var classes = full.Chunk(10).Select(scores => Array.IndexOf(scores, scores.Max())).ToArray();
        var quantizedClasses = quantized.Chunk(10).Select(scores => Array.IndexOf(scores, scores.Max())).ToArray();
        Assert.Equal(classes.Zip(images.Labels!).Count(pair => pair.First == pair.Second) / 150.0, result.FloatAccuracy!.Value, 1e-12);
        Assert.Equal(quantizedClasses.Zip(images.Labels!).Count(pair => pair.First == pair.Second) / 150.0, result.QuantizedAccuracy!.Value, 0.0067);
        Assert.Equal(quantizedClasses.Zip(classes).Count(pair => pair.First == pair.Second) / 150.0, result.Agreement!.Value, 0.0067);
        var top5 = full.Chunk(10).Zip(images.Labels!).Count(pair => pair.First.Order().Skip(5).Contains(pair.First[pair.Second]));
        Assert.Equal(top5 / 150.0, result.FloatTop5!.Value, 1e-12);
        var cosines = full.Chunk(10).Zip(quantized.Chunk(10)).Average(pair =>
            pair.First.Zip(pair.Second).Sum(values => (double)values.First * values.Second)
            / Math.Sqrt(pair.First.Sum(value => (double)value * value) * pair.Second.Sum(value => (double)value * value)));
        Assert.Equal(cosines, result.MeanCosine!.Value, 1e-3);
        var noise = full.Zip(quantized).Sum(pair => Math.Pow((double)pair.Second - pair.First, 2));
        Assert.Equal(10 * Math.Log10(full.Sum(value => (double)value * value) / noise), result.SqnrDecibels!.Value, 0.05);
    }

    [Fact]
    public void A_comparison_in_one_pass_gives_what_each_network_gives_alone()
    {
        var images = TestData.Test.Take(230);
        var calibration = TestData.Calibration.Take(64);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(5);
        var network = TestData.Load(TestData.MobileNetV1);
        Network[] networks = [network, network.CorrectBias(calibration, scheme).Network, TestData.Load(TestData.ResNet14)];
        var comparison = QuantNotebooks.Evaluation.Evaluate.Compare(networks, images, scheme, calibration);
        foreach (var (row, alone) in comparison.Rows.Zip(networks.Select(other => other.Evaluate(images, scheme, calibration))))
        {
            Assert.Equal(
                (alone.FloatAccuracy, alone.QuantizedAccuracy, alone.Agreement, alone.FloatTop5, alone.QuantizedTop5),
                (row.Result.FloatAccuracy, row.Result.QuantizedAccuracy, row.Result.Agreement, row.Result.FloatTop5, row.Result.QuantizedTop5));
            Assert.Equal(alone.SqnrDecibels!.Value, row.Result.SqnrDecibels!.Value, 1e-9);
        }
        Assert.Equal(network.FunctionSha256, networks[1].FloatReference.FunctionSha256);
        Assert.NotEqual(network.FunctionSha256, networks[1].FunctionSha256);
    }

    [Fact]
    public void Several_schemes_give_what_each_gives_alone()
    {
        var images = TestData.Test.Take(120);
        var calibration = TestData.Calibration.Take(32);
        QuantizationScheme?[] schemes = [QuantizationScheme.Int8PerTensor, null, QuantizationScheme.Int8PerChannel.WithBits(4)];
        Network[] networks = [TestData.Load(TestData.ResNet14), TestData.Load(TestData.MobileNetV2)];
        var rows = QuantNotebooks.Evaluation.Evaluate.Compare(networks, images, schemes, calibration).Rows;
        var alone = networks.SelectMany(network => schemes.Select(scheme =>
            scheme is null ? network.Evaluate(images) : network.Evaluate(images, scheme, calibration))).ToArray();
        Assert.Equal(alone.Length, rows.Length);
        foreach (var (row, one) in rows.Zip(alone))
            Assert.Equal((one.Network.Name, one.Scheme, one.Accuracy, one.FloatAccuracy), (row.Name, row.Result.Scheme, row.Result.Accuracy, row.Result.FloatAccuracy));
        Assert.Throws<QuantNotebooksException>(() => QuantNotebooks.Evaluation.Evaluate.Compare(networks, images, Array.Empty<QuantizationScheme?>(), calibration));
    }

    [Fact]
    public void Named_labels_are_the_classes_of_their_names_whatever_their_order()
    {
        using var folder = new TemporaryFolder();
        var test = TestData.TextDirectionTest;
        // In the opposite order of the network's classes, with file names that sort the other way too.
        for (var i = 0; i < 12; i++)
        {
            var name = test.LabelNames![test.Labels![i]];
            var file = Path.Combine(test.Path, test.NameOf(i));
            folder.Write($"{(name == "upright" ? "b" : "a")}{i}.png", File.ReadAllBytes(file));
            File.AppendAllText(Path.Combine(folder.Path, "labels.csv"), $"{(i == 0 ? "file,label\n" : "")}{(name == "upright" ? "b" : "a")}{i}.png,{name}\n");
        }
        var network = TestData.Load(TestData.TextDirection);
        Assert.Equal(
            network.Evaluate(test.Take(12)).FloatAccuracy,
            network.Evaluate(QuantNotebooks.Images.ImageSet.Load(folder.Path)).FloatAccuracy);
    }

    [Fact]
    public void A_network_without_a_task_is_compared_by_its_values_alone()
    {
        var network = TestData.Load(TestData.ResNet14);
        network = network.With([], network.Facts with { Task = network.Task! with { Task = new QuantNotebooks.Images.NoTask() } });
        var result = network.Evaluate(TestData.Test.Take(20), QuantizationScheme.Int8PerTensor, TestData.Calibration.Take(32));
        Assert.Null(result.FloatAccuracy);
        Assert.Null(result.Agreement);
        Assert.InRange(result.SqnrDecibels!.Value, 20, 50);
        Assert.InRange(result.MeanCosine!.Value, 0.99, 1);
    }

    [Fact]
    public void Without_ranges_or_calibration_images_the_error_says_what_is_needed()
    {
        var error = Assert.Throws<QuantNotebooksException>(() => TestData.Load(TestData.ResNet14).Evaluate(TestData.Test, QuantizationScheme.Int8PerTensor));
        Assert.Contains("calibration images are needed", error.Message, StringComparison.Ordinal);
    }
}
