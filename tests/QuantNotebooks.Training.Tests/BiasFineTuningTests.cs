using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Training.Tests;

/// <summary>Bias fine-tuning: what it gains, and that it keeps its promises when something goes wrong.</summary>
public sealed class BiasFineTuningTests
{
    private static readonly QuantizationScheme FourBits = QuantizationScheme.Int8PerTensor.WithBits(4);

    private static readonly TrainingOptions Short = TrainingOptions.Biases with { Epochs = 2, BatchSize = 16 };

    private static ImageSet Images => TestData.Calibration.Take(72);

    private static float[][] Biases(CorrectionResult result) => [.. result.Network.Layers.Select(layer => layer.Bias.ToArray())];

    [Fact]
    public void Biases_alone_bring_back_most_of_what_four_bits_cost()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        var images = TestData.Calibration.Take(320);
        var test = TestData.Test.Take(1000);
        // From the network as it is, so that the gain is far beyond the chance of these few images; what training adds to the iterative correction is
        // a point or two, which takes more images and epochs than a test has.
        var tuned = network.FineTuneBiases(images, FourBits, TrainingOptions.Biases with { Epochs = 5, Start = TrainingStart.Network });
        var run = tuned.Training!;
        Assert.True(run.Epochs[run.Best].HeldOutLoss < run.Epochs[0].HeldOutLoss);
        Assert.InRange(run.Epochs[run.Best].HeldOutAgreement!.Value, run.Epochs[0].HeldOutAgreement!.Value, 1);
        Assert.Equal((280, 40), (run.Images, run.HeldOutImages));
        var (before, after) = (network.Evaluate(test, FourBits, images), tuned.Network.Evaluate(test, FourBits));
        Assert.True(after.QuantizedAccuracy > before.QuantizedAccuracy + 0.15, $"{before.QuantizedAccuracy} to {after.QuantizedAccuracy}");
        Assert.True(after.Agreement > before.Agreement);

        // Only biases moved, and the network still knows its full-precision reference.
        Assert.All(network.Layers, layer => Assert.True(layer.Weights.SequenceEqual(tuned.Network.Layers[layer.Index].Weights)));
        Assert.All(network.Layers, layer => Assert.True(layer.Bias.SequenceEqual(tuned.Network.FloatReference.Layers[layer.Index].Bias)));
        Assert.All(tuned.Corrections, correction => Assert.Equal(
            tuned.Network.Layers[correction.Layer.Index].Bias[0] - correction.Layer.Bias[0], correction.Correction[0]));
    }

    [Fact]
    public void Training_adds_to_what_the_iterative_correction_gives()
    {
        // MobileNet v2 has most to gain. The loss is of probabilities: SQNR of the scores goes up and down with the seed, by more than the gain.
        var network = TestData.Load(TestData.MobileNetV2);
        var images = TestData.Calibration.Take(640);
        var test = TestData.Test.Take(1000);
        var iterative = network.CorrectBias(images, FourBits).Network.Evaluate(test, FourBits);
        var result = network.FineTuneBiases(images, FourBits, TrainingOptions.Biases with { Epochs = 6 });
        var run = result.Training!;
        Assert.InRange(run.Epochs[run.Best].HeldOutLoss, 0, 0.85 * run.Epochs[0].HeldOutLoss);
        var tuned = result.Network.Evaluate(test, FourBits);
        Assert.True(tuned.QuantizedAccuracy > iterative.QuantizedAccuracy + 0.01, $"{iterative.QuantizedAccuracy} to {tuned.QuantizedAccuracy}");
    }

    [Fact]
    public void Training_ends_when_the_images_set_aside_gain_no_more_and_keeps_the_best_epoch()
    {
        // At 8 bits there is next to nothing to gain, and the rate is far too large.
        var network = TestData.Load(TestData.ResNet14);
        var run = network.FineTuneBiases(Images, QuantizationScheme.Int8PerTensor, Short with { Epochs = 40, Patience = 2, LearningRate = 0.05 }).Training!;
        Assert.Equal(TrainingEnd.EarlyStop, run.End);
        Assert.Equal(run.Best + 2, run.Epochs.Length - 1);
        Assert.All(run.Epochs, epoch => Assert.True(epoch.HeldOutLoss >= run.Epochs[run.Best].HeldOutLoss));
    }

    [Fact]
    public void Few_images_are_warned_of_with_how_many_it_takes()
    {
        var warning = Assert.Single(TestData.Load(TestData.ResNet14).FineTuneBiases(Images, FourBits, Short with { Epochs = 1 }).Warnings);
        Assert.StartsWith("72 images are few to train with: the 9 set aside", warning, StringComparison.Ordinal);
        Assert.Contains("take 256 or more", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_biases_and_another_seed_others()
    {
        var network = TestData.Load(TestData.ResNet14);
        var first = network.FineTuneBiases(Images, FourBits, Short);
        Assert.Equal(Biases(first), Biases(network.FineTuneBiases(Images, FourBits, Short)));
        Assert.NotEqual(Biases(first), Biases(network.FineTuneBiases(Images, FourBits, Short with { Seed = 1 })));
    }

    [Fact]
    public void An_interrupted_training_keeps_the_best_and_resumes_as_if_nothing_had_happened()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.ResNet14);
        var checkpoint = Path.Combine(folder.Path, "state.json");
        var options = Short with { Checkpoint = checkpoint };
        using var cancellation = new CancellationTokenSource();
        var interrupted = network.FineTuneBiases(
            Images, FourBits, options, null, new Callback(progress => { if (progress.Current.StartsWith("epoch 1", StringComparison.Ordinal)) cancellation.Cancel(); }), cancellation.Token);
        Assert.Equal(TrainingEnd.Interrupted, interrupted.Training!.End);
        Assert.Equal(2, interrupted.Training.Epochs.Length);
        Assert.True(File.Exists(checkpoint));

        var resumed = network.FineTuneBiases(Images, FourBits, options);
        Assert.Equal(TrainingEnd.Completed, resumed.Training!.End);
        Assert.Equal(Biases(network.FineTuneBiases(Images, FourBits, Short)), Biases(resumed));

        var other = Assert.Throws<QuantNotebooksException>(() => network.FineTuneBiases(Images, FourBits, options with { Seed = 5 }));
        Assert.Contains("is of another training", other.Message, StringComparison.Ordinal);
        File.WriteAllText(checkpoint, "{");
        Assert.Contains("is no checkpoint", Assert.Throws<QuantNotebooksException>(() => network.FineTuneBiases(Images, FourBits, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_diverging_training_stops_and_keeps_the_start()
    {
        var network = TestData.Load(TestData.ResNet14);
        var start = network.CorrectBias(Images, FourBits);
        var result = network.FineTuneBiases(Images, FourBits, Short with { LearningRate = 1e4, Epochs = 9 });
        Assert.Equal(TrainingEnd.Diverged, result.Training!.End);
        Assert.Equal(0, result.Training.Best);
        Assert.True(result.Training.Epochs.Length < 9);
        Assert.Equal(Biases(start), Biases(result));
    }

    [Theory]
    [InlineData(TrainingTarget.LayerOutputs, TrainingStart.Network)]
    [InlineData(TrainingTarget.Labels, TrainingStart.IterativeCorrection)]
    public void Other_targets_and_starts(TrainingTarget target, TrainingStart start)
    {
        var result = TestData.Load(TestData.ResNet14).FineTuneBiases(Images, FourBits, Short with { Target = target, Start = start, Epochs = 4 });
        var run = result.Training!;
        Assert.True(run.Epochs[^1].Loss < run.Epochs[1].Loss);
        Assert.Equal(target == TrainingTarget.Labels, run.Epochs[0].HeldOutAgreement is not null);
    }

    [Fact]
    public void A_layer_without_a_bias_gets_one_and_a_network_without_classes_is_pulled_to_its_output()
    {
        var network = new GraphBuilder().Input("input", 0, 1, 32, 32).RandomConstant("a.weight", 4, 1, 5, 5).RandomConstant("b", 4, 3)
            .Node("Conv", ["input", "a.weight"], "a", GraphBuilder.Ints("strides", 3, 3)).Node("Relu", ["a"], "r")
            .Node("GlobalAveragePool", ["r"], "p").Node("Flatten", ["p"], "f").Node("MatMul", ["f", "b"], "y").Output("y")
            .Load();
        network = network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task! with { Task = new NoTask() } });
        var result = network.FineTuneBiases(Images, FourBits, Short with { Start = TrainingStart.Network, Epochs = 6 });
        Assert.All(result.Network.Layers, layer => Assert.True(layer.HasBias));
        Assert.True(result.Training!.Epochs[^1].HeldOutLoss < 0.9 * result.Training.Epochs[0].HeldOutLoss);
        Assert.True(result.Network.Evaluate(TestData.Test.Take(64), FourBits).SqnrDecibels > network.Evaluate(TestData.Test.Take(64), FourBits, Images).SqnrDecibels);
    }

    /// <summary>Folders in alphabetical order are not the network's classes: their names are.</summary>
    [Fact]
    public void Labels_are_the_classes_of_their_names()
    {
        using var folder = new TemporaryFolder();
        var images = ImageSet.Load(Repository.PathOf("data", "text-direction", "test")).Take(40);
        var turned = Path.Combine(folder.Path, "turned.onnx");
        File.Copy(TestData.PathOf(TestData.TextDirection), turned);
        var task = File.ReadAllText(Path.ChangeExtension(TestData.PathOf(TestData.TextDirection), ".task.json"));
        File.WriteAllText(Path.ChangeExtension(turned, ".task.json"), task.Replace("\"upright\", \"upside-down\"", "\"upside-down\", \"upright\"", StringComparison.Ordinal));
        // A network that is nearly always right; and the same with the names of its classes exchanged, which is nearly always wrong.
        Assert.InRange(LossOf(TestData.Load(TestData.TextDirection)), 0, 0.5);
        Assert.InRange(LossOf(Network.Load(turned)), 2, 100);

        double LossOf(Network network) => network.FineTuneBiases(
            images, QuantizationScheme.Int8PerTensor, Short with { Target = TrainingTarget.Labels, Start = TrainingStart.Network, Epochs = 1 }).Training!.Epochs[0].HeldOutLoss;
    }

    [Fact]
    public void Bad_input_is_refused_with_what_would_be_right()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.ResNet14);
        var file = Directory.GetFiles(Path.Combine(Repository.Root, "data", "fashion-mnist", "calibration"), "*images*")[0];
        var copy = Path.Combine(folder.Path, Path.GetFileName(file));
        File.Copy(file, copy);
        var unlabelled = ImageSet.Load(copy).Take(72);
        Refused("have none", () => network.FineTuneBiases(unlabelled, FourBits, Short with { Target = TrainingTarget.Labels }));
        Refused("at least 2", () => network.FineTuneBiases(Images.Take(1), FourBits));
        Refused("learning rate must be a number above 0, not -1", () => Short with { LearningRate = -1 });
        Refused("epochs must be at least 1", () => Short with { Epochs = 0 });

        static void Refused(string because, Func<object> work) =>
            Assert.Contains(because, Assert.Throws<QuantNotebooksException>(work).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantization_aware_training_moves_weights_too()
    {
        var network = TestData.Load(TestData.ResNet14);
        var result = network.TrainQuantizationAware(TestData.Calibration.Take(200), FourBits, TrainingOptions.QuantizationAware with { Epochs = 4, BatchSize = 16, Start = TrainingStart.Network });
        var run = result.Training;
        Assert.True(run.Epochs[^1].Loss < run.Epochs[1].Loss);
        Assert.True(run.Best > 0);
        Assert.All(network.Layers, layer => Assert.False(layer.Weights.SequenceEqual(result.Network.Layers[layer.Index].Weights)));
        Assert.NotNull(result.Network.Ranges);
    }

    private sealed class Callback(Action<SweepProgress> action) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => action(value);
    }
}
