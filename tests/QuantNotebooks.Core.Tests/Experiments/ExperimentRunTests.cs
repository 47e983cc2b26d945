using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Experiments;

/// <summary>Running plans: what is shared changes no result, what is done is not done again.</summary>
public sealed class ExperimentRunTests : IDisposable
{
    private static readonly ExperimentImages Images =
        new(Repository.PathOf("data", "fashion-mnist", "test"), Repository.PathOf("data", "fashion-mnist", "calibration")) { TestCount = 150, CalibrationCount = 32 };

    private static readonly ExperimentNetwork ResNet = new("resnet", TestData.PathOf(TestData.ResNet14), Images);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_experiments_share_changes_no_result()
    {
        var plan = Plan(["naive", "iterative", "cross-layer + iterative"], [QuantizationScheme.Int8PerTensor, QuantizationScheme.Int8PerTensor.WithBits(4), SchemeWords.Parse("4/8:mse")]);
        var report = plan.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((9, 9, 0, 0), (report.Results.Length, report.Measured, report.Failures.Length, report.Left));

        // Each by the calls that a user would make, alone.
        var (network, calibration, test) = (TestData.Load(TestData.ResNet14), TestData.Calibration.Take(32), TestData.Test.Take(150));
        foreach (var row in report.Results)
        {
            var prepared = row.Method.StartsWith("cross", StringComparison.Ordinal) ? network.Equalize(EqualizationMethod.CrossLayer, calibration).Network : network;
            if (row.Method.EndsWith("iterative", StringComparison.Ordinal)) prepared = prepared.CorrectBias(calibration, row.Scheme).Network;
            var alone = prepared.Evaluate(test, row.Scheme, calibration);
            Assert.Equal((alone.QuantizedAccuracy, alone.FloatAccuracy, alone.Agreement, 150), (row.Accuracy, row.FloatAccuracy, row.Agreement, row.Images));
            Assert.Equal(alone.SqnrDecibels!.Value, row.SqnrDecibels!.Value, 1e-9);
        }
    }

    [Fact]
    public void What_is_done_is_not_done_again_whatever_it_is_called()
    {
        var first = Plan(["naive"], [QuantizationScheme.Int8PerTensor]).Run(_folder.Path, cancellation: TestContext.Current.CancellationToken);
        var more = Plan(["naive", "iterative"], [QuantizationScheme.Int8PerTensor, QuantizationScheme.Int8PerTensor.WithBits(5)]);
        var renamed = more with { Networks = [ResNet with { Name = "another name" }] };
        var second = renamed.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((4, 3), (second.Results.Length, second.Measured));
        Assert.Equal(first.Results[0] with { Network = "another name" }, second.Results[0]);
        Assert.Equal(0, more.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken).Measured);
        Assert.Equal(4, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void Everything_that_a_result_depends_on_changes_its_key()
    {
        var keys = new ExperimentKeys();
        var training = new ExperimentStep("train", inputs => inputs.Network) { Trains = true, IsRandom = true };
        Experiment[] all =
        [
            Of(), Of(scheme: QuantizationScheme.Int8PerChannel), Of(method: "iterative"), Of(method: "analytic"), Of(images: Images with { TestCount = 151 }),
            Of(images: Images with { CalibrationCount = 33 }), Of(network: TestData.MobileNetV1), Of(network: TestData.MobileNetV1, keepsDead: true), Trained(null, null, 0), Trained(2, null, 0),
            Trained(null, 0.5, 0), Trained(null, null, 1), Trained(null, null, 0) with { Network = ResNet with { Images = Images with { TrainingCount = 40 } } },
        ];
        Assert.Equal(all.Length, all.Select(keys.Of).Distinct().Count());
        // Training images say nothing to a method that does not train; and the same is the same.
        Assert.Equal(keys.Of(Of()), keys.Of(Of(images: Images with { TrainingCount = 40 })));
        Assert.Equal(keys.Of(Of()), new ExperimentKeys().Of(Of()));

        Experiment Of(string network = TestData.ResNet14, bool keepsDead = false, string method = "naive", QuantizationScheme? scheme = null, ExperimentImages? images = null) => new(
            new ExperimentNetwork("n", TestData.PathOf(network), images ?? Images, keepsDead), ExperimentMethod.Parse(method, ExperimentStep.Known), scheme ?? QuantizationScheme.Int8PerTensor, 0);

        Experiment Trained(int? epochs, double? rate, int seed) =>
            new(ResNet, new ExperimentMethod("t", [training]) { Epochs = epochs, LearningRate = rate }, QuantizationScheme.Int8PerTensor, seed);
    }

    [Fact]
    public void A_run_that_is_stopped_keeps_what_is_done_and_the_next_goes_on()
    {
        var plan = Plan(["naive"], [.. Enumerable.Range(4, 4).Select(QuantizationScheme.Int8PerTensor.WithBits)]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var report = plan.Run(_folder.Path, progress: new Stopper(stop, 2), cancellation: stop.Token);
        Assert.Equal((2, 2, 2), (report.Results.Length, report.Measured, report.Left));
        var rest = plan.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((4, 2, 0), (rest.Results.Length, rest.Measured, rest.Left));
        Assert.Equal(report.Results, rest.Results[..2]);

        using var atOnce = new CancellationTokenSource();
        atOnce.Cancel();
        using var empty = new TemporaryFolder();
        Assert.Throws<OperationCanceledException>(() => plan.Run(empty.Path, cancellation: atOnce.Token));
    }

    [Fact]
    public void An_experiment_that_fails_stops_no_other()
    {
        var broken = new ExperimentStep("broken", _ => throw new QuantNotebooksException("It does not fit."));
        var plan = Plan(["naive", "iterative"], [QuantizationScheme.Int8PerTensor]) with { };
        plan = plan with { Methods = plan.Methods.Insert(1, new ExperimentMethod("broken", [broken])) };
        var report = plan.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["naive", "iterative"], report.Results.Select(row => row.Method));
        Assert.Equal(("broken", "It does not fit."), (Assert.Single(report.Failures).Experiment.Method.Name, report.Failures[0].Reason));
    }

    [Fact]
    public void Seeds_are_for_methods_that_have_something_random()
    {
        var random = new ExperimentStep("random", inputs => inputs.Network) { IsRandom = true };
        var plan = Plan(["naive"], [QuantizationScheme.Int8PerTensor]) with { Seeds = [3, 4] };
        plan = plan with { Methods = plan.Methods.Add(new ExperimentMethod("random", [random])) };
        Assert.Equal([("naive", 0), ("random", 3), ("random", 4)], plan.Experiments.Select(experiment => (experiment.Method.Name, experiment.Seed)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(11)]
    public void Parts_are_the_whole(int count)
    {
        var plan = Plan(["naive", "iterative"], [.. Enumerable.Range(4, 4).Select(QuantizationScheme.Int8PerTensor.WithBits)]);
        Assert.Equal(plan.Experiments.AsEnumerable(), Enumerable.Range(1, count).SelectMany(number => plan.Part(new Shard(number, count))));
        var part = plan.Run(_folder.Path, new() { Part = new Shard(1, 8) }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (part.Results.Length, part.Wanted));
    }

    [Fact]
    public void A_result_that_is_damaged_is_named()
    {
        var plan = Plan(["naive"], [QuantizationScheme.Int8PerTensor]);
        plan.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken);
        var file = Directory.GetFiles(_folder.Path).Single();
        File.WriteAllText(file, File.ReadAllText(file)[..50]);
        var error = Assert.Throws<QuantNotebooksException>(() => plan.Run(_folder.Path, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains("delete the file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_that_die_are_told_of_and_a_plan_made_in_code_can_have_none()
    {
        var file = Path.Combine(_folder.Path, "plan.json");
        File.WriteAllText(file, $$"""
            { "images": { "test": "{{Images.Test}}", "testCount": 20, "calibration": "{{Images.Calibration}}", "calibrationCount": 8 },
              "networks": ["{{ResNet.Model}}"], "methods": ["naive"], "schemes": [8, 4] }
            """.Replace('\\', '/'));
        var options = new ExperimentOptions { Processes = 2, Worker = new ExperimentWorkerProgram("dotnet", ["no-such-program.dll"]) };
        var report = ExperimentPlan.Load(file).Run(Path.Combine(_folder.Path, "results"), options, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(2, report.Failures.Length);
        Assert.All(report.Failures, failure => Assert.StartsWith("the process that ran it ended with exit code ", failure.Reason, StringComparison.Ordinal));
        var error = Assert.Throws<QuantNotebooksException>(() => Plan(["naive"], [QuantizationScheme.Int8PerTensor]).Run(_folder.Path, options, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("read from a file", error.Message, StringComparison.Ordinal);
    }

    private static ExperimentPlan Plan(string[] methods, QuantizationScheme[] schemes) =>
        new([ResNet], [.. methods.Select(method => ExperimentMethod.Parse(method, ExperimentStep.Known))], [.. schemes], [0]);

    private sealed class Stopper(CancellationTokenSource stop, int after) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Done == after) stop.Cancel();
        }
    }
}
