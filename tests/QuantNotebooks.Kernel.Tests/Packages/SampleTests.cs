using System.Diagnostics;
using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>What readers copy runs as it stands, on fewer images.</summary>
public sealed partial class SampleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("README.md")]
    [InlineData("src", "QuantNotebooks.Core", "README.md")]
    [InlineData("src", "QuantNotebooks.Training", "README.md")]
    public async Task TheSamplesOfAReadmeRun(params string[] path)
    {
        var samples = Sample().Matches(await File.ReadAllTextAsync(Repository.PathOf(path), Token)).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(samples);
        await RunAsync(samples);
    }

    [Theory]
    [MemberData(nameof(PublicApiTests.Packages), MemberType = typeof(PublicApiTests))]
    public Task TheSamplesInTheDocumentationRun(string package) => RunAsync(ApiReference.Samples(PublicApi.Of(package)));

    [Fact]
    public async Task TheProgramWritesAReport()
    {
        var start = new ProcessStartInfo("dotnet", ["run", Repository.PathOf("notebooks", "analysis.cs"), "--",
            Repository.PathOf("data", "models", "resnet14-fashion.onnx"), Repository.PathOf("data", "fashion-mnist", "calibration"), folder.File("report.html")])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.Path,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == 0, output + await error);
        Assert.Contains("The mean shift is largest in ", output, StringComparison.Ordinal);
        Assert.Contains("<section", await File.ReadAllTextAsync(folder.File("report.html"), Token), StringComparison.Ordinal);
    }

    private async Task RunAsync(IEnumerable<string> samples)
    {
        foreach (var sample in samples)
        {
            using var session = new NotebookSession(NotebookEnvironment.Options(folder.Path));
            var output = new RecordingOutput();
            var given = Cell("var network = Network.Load(\"network.onnx\"); var images = ImageSet.Load(\"calibration\").Take(16); var scheme = QuantizationScheme.Int8PerTensor;");
            Assert.IsType<CellSucceeded>(await session.RunAsync(given, output, Token));
            var result = await session.RunAsync(Cell(sample), output, Token);
            Assert.True(result is CellSucceeded, $"{sample}\n{result.Error?.Name}: {result.Error?.Message}");
        }
    }

    // The files that samples speak of, and sixteen images where they take many.
    private string Cell(string sample)
    {
        var images = Repository.PathOf("data", "fashion-mnist", "calibration");
        var cell = sample.Replace("\"network.onnx\"", $"\"{Repository.PathOf("data", "models", "resnet14-fashion.onnx")}\"", StringComparison.Ordinal)
            .Replace("\"calibration\"", $"\"{images}\"", StringComparison.Ordinal).Replace("\"test\"", $"\"{images}\"", StringComparison.Ordinal)
            .Replace("\"data/", $"\"{Repository.PathOf("data")}/", StringComparison.Ordinal)
            .Replace("\"corrected.onnx\"", $"\"{folder.File("corrected.onnx")}\"", StringComparison.Ordinal);
        return Images().Replace(cell, "ImageSet.Load($1).Take(16)");
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"ImageSet\.Load\((""[^""]+"")\)(?:\.Take\(\d+\))?")]
    private static partial Regex Images();
}
