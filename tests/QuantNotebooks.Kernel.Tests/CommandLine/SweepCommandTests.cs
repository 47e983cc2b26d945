using System.Diagnostics;
using System.Text.Json;
using Parquet;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;
using QuantNotebooks.Images;
using QuantNotebooks.Kernel.Tests.Faults;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Tests;
using QuantNotebooks.Training;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>quantnb sweep</c>.</summary>
public sealed class SweepCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ProcessesAndPartsGiveWhatOneProcessGives()
    {
        var plan = Plan("\"naive\", \"iterative\"", "[8, 4]");
        var one = await Cli.JsonAsync("sweep", plan, "--results", _folder.File("one"));
        var two = await Cli.JsonAsync("sweep", plan, "--results", _folder.File("two"), "--processes", "2");
        Assert.Equal(8, one.GetProperty("rows").GetArrayLength());
        Assert.Equal((8, 8), (one.GetProperty("measured").GetInt32(), two.GetProperty("measured").GetInt32()));
        Assert.Equal(Rows(one), Rows(two));

        for (var part = 1; part <= 3; part++) await Cli.JsonAsync("sweep", plan, "--results", _folder.File("parts"), "--shard", $"{part}/3");
        var parquet = _folder.File("table.parquet");
        var together = await Cli.JsonAsync("sweep", plan, "--results", _folder.File("parts"), "--parquet", parquet);
        Assert.Equal(0, together.GetProperty("measured").GetInt32());
        Assert.Equal(Rows(one), Rows(together));
        await using var reader = await ParquetReader.CreateAsync(parquet, cancellationToken: TestContext.Current.CancellationToken);
        using var rows = reader.OpenRowGroupReader(0);
        var right = new double?[8];
        await rows.ReadAsync<double>(reader.Schema.DataFields.Single(field => field.Name == "right %"), right.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(one.GetProperty("rows").EnumerateArray().Select(row => (double?)(100 * row.GetProperty("accuracy").GetDouble())), right);
    }

    [Fact]
    public async Task MethodsThatTrainGiveWhatTheirOwnCallsGive()
    {
        var file = _folder.File("plan.json");
        await File.WriteAllTextAsync(file, $$"""
            { "images": { "test": "{{Cli.Test}}", "testCount": 60, "calibration": "{{Cli.Calibration}}", "calibrationCount": 16, "training": "{{Cli.Calibration}}", "trainingCount": 48 },
              "networks": ["{{Cli.Model(Cli.ResNet)}}"], "schemes": [4], "seeds": [1, 2],
              "methods": [{ "method": "fine-tune", "epochs": 1 }, { "method": "iterative + quantization-aware", "epochs": 2, "learningRate": 0.0005 }] }
            """.Replace('\\', '/'), TestContext.Current.CancellationToken);
        var rows = (await Cli.JsonAsync("sweep", file, "--results", _folder.File("results"))).GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(4, rows.Length);
        var (network, scheme) = (Network.Load(Cli.Model(Cli.ResNet)), QuantizationScheme.Int8PerTensor.WithBits(4));
        var (all, test) = (ImageSet.Load(Cli.Calibration), ImageSet.Load(Cli.Test).Take(60));
        foreach (var row in rows)
        {
            var seed = row.GetProperty("seed").GetInt32();
            var trained = row.GetProperty("method").GetString() == "fine-tune"
                ? network.FineTuneBiases(all.Take(48), scheme, TrainingOptions.Biases with { Epochs = 1, Seed = seed }).Network
                : network.CorrectBias(all.Take(16), scheme).Network.TrainQuantizationAware(all.Take(48), scheme, TrainingOptions.QuantizationAware with { Epochs = 2, LearningRate = 0.0005, Seed = seed }).Network;
            Assert.Equal(trained.Evaluate(test, scheme, all.Take(16)).QuantizedAccuracy!.Value, row.GetProperty("accuracy").GetDouble(), 1e-12);
        }
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("KILL")]
    public async Task ASignalEndsAllProcessesAndLosesNoResult(string signal)
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "skipped: signals and /proc are Linux's");
        var plan = Plan("\"naive\", \"iterative\"", "[8, 5, 4]");
        var undisturbed = await Cli.JsonAsync("sweep", plan, "--results", _folder.File("undisturbed"));
        var results = _folder.File("disturbed");
        // When the first results are there others are under way.
        var run = await ToolProcess.RunAsync(["sweep", plan, "--results", results, "--processes", "2"], signal, () => Results() >= 2);
        Assert.Contains(run.ExitCode, signal == "INT" ? [0, 130] : new[] { 0, 137 });
        var clock = Stopwatch.StartNew();
        while (LinuxProcesses.Where("cmdline", results).FirstOrDefault() is { Line: { } line })
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), $"a process of the sweep outlives it: {line}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        var kept = Results();
        Assert.InRange(kept, 2, 12);
        var again = await Cli.JsonAsync("sweep", plan, "--results", results, "--processes", "2");
        Assert.Equal(12 - kept, again.GetProperty("measured").GetInt32());
        Assert.Equal(Rows(undisturbed), Rows(again));

        int Results() => Directory.Exists(results) ? Directory.GetFiles(results, "*.json").Length : 0;
    }

    private static string[] Rows(JsonElement json) =>
        [.. json.GetProperty("rows").EnumerateArray().Select(row => string.Join('|', ((string[])["network", "method", "scheme", "accuracy", "float", "agreement", "key"]).Select(name => row.GetProperty(name).ToString())))];

    [Fact]
    public async Task TextSaysWhatDoesBestAndAPageShowsIt()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("sweep", Plan("\"naive\"", "[8, 3]"), "--html", _folder.File("page.html"));
        Assert.True(exitCode == 0, error);
        Assert.StartsWith("4 of 4 experiments done, 4 of them now\n", output, StringComparison.Ordinal);
        Assert.Matches(@"\nresnet14-fashion: naive does best at 3 bits, \d", output);
        Assert.Contains("sweep: 0/4 resnet14-fashion, naive, W8A8 per tensor", error, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_folder.File("plan.results")));
        Assert.Contains("bits of weights and activations", await File.ReadAllTextAsync(_folder.File("page.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailureIsShownAndIsTheExitCode()
    {
        // The last layer of this network has another name, so the override fits one of two networks.
        var scheme = """[{ "weightBits": 8, "activationBits": 8, "overrides": [{ "layer": "no such layer", "weightBits": 4, "activationBits": 4 }] }, 8]""";
        var (exitCode, output, error) = await Cli.InvokeAsync("sweep", Plan("\"naive\"", scheme));
        Assert.Equal(1, exitCode);
        Assert.StartsWith("2 of 4 experiments done, 2 of them now, 2 failed\n", output, StringComparison.Ordinal);
        Assert.Contains("failed: resnet14-fashion, naive, W8A8 per tensor", error, StringComparison.Ordinal);
        Assert.Contains("'no such layer'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongEntryIsOneLine()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("sweep", Plan("\"naiv\"", "[8]"));
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Matches(@"^'.*plan\.json': methods\[0\] names 'naiv', which is no method; did you mean 'naive'\? Known are naive, one-step, .*, fine-tune, quantization-aware, .*\.\n$", error);
    }

    [Fact]
    public void TheExamplePlanIsRight()
    {
        var plan = ExperimentPlan.Load(Repository.PathOf("notebooks", "sweep.json"), AllSteps.Known);
        Assert.Equal(plan.Networks.Length * plan.Methods.Length * plan.Schemes.Length, plan.Experiments.Length);
    }

    private string Plan(string methods, string schemes)
    {
        var file = _folder.File("plan.json");
        File.WriteAllText(file, $$"""
            { "images": { "test": "{{Cli.Test}}", "testCount": 60, "calibration": "{{Cli.Calibration}}", "calibrationCount": 16 },
              "networks": ["{{Cli.Model(Cli.ResNet)}}", "{{Cli.Model(Cli.MobileNetV1)}}"], "methods": [{{methods}}], "schemes": {{schemes}} }
            """.Replace('\\', '/'));
        return file;
    }
}
