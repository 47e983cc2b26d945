using System.Text.Json;
using Parquet;
using QuantNotebooks.Experiments;
using QuantNotebooks.Tests;

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

        static string[] Rows(JsonElement json) =>
            [.. json.GetProperty("rows").EnumerateArray().Select(row => string.Join('|', ((string[])["network", "method", "scheme", "accuracy", "float", "agreement", "key"]).Select(name => row.GetProperty(name).ToString())))];
    }

    [Fact]
    public async Task TextSaysWhatDoesBestAndAPageShowsIt()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("sweep", Plan("\"naive\"", "[8, 3]"), "--html", _folder.File("page.html"));
        Assert.True(exitCode == 0, error);
        Assert.StartsWith("4 of 4 experiments done, 4 of them now\n", output, StringComparison.Ordinal);
        Assert.Matches(@"\nresnet14-fashion: naive does best at 3 bits, \d", output);
        Assert.Contains("sweep: 0/4 resnet14-fashion, naive, W8A8 per tensor", error, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_folder.File("plan.results")));
        Assert.Contains("bits of the weights", await File.ReadAllTextAsync(_folder.File("page.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
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
