using System.Text.RegularExpressions;
using QuantNotebooks.Interactive;
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
        CheckReport(await Dotnet.RunAsync(folder.Path, ["run", Repository.PathOf("notebooks", "analysis.cs"), "--", .. Data, folder.File("report.html")]));
    }

    // As it is copied out of the repository: from packages, in a folder of its own.
    [Fact]
    public async Task TheProgramRunsFromPackages()
    {
        var source = folder.File("packages");
        Directory.CreateDirectory(source);
        foreach (var project in (string[])["QuantNotebooks.Core", "QuantNotebooks.Training", "QuantNotebooks.Notebook"]) await Dotnet.PackAsync(project, source);
        var program = await File.ReadAllTextAsync(Repository.PathOf("notebooks", "analysis.cs"), Token);
        var directive = Package().Match(program);
        Assert.Equal(ExtensionLoad.Version, directive.Groups[2].Value);
        folder.Write("analysis.cs", Project().Replace(program, directive.Groups[1].Value));
        // What others have made need not be fetched again; our packages are not in that cache, for nothing puts them there.
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        folder.Write("NuGet.config", $"""
            <configuration>
              <packageSources><add key="packed" value="{source}" /></packageSources>
              <fallbackPackageFolders><add key="cache" value="{cache}" /></fallbackPackageFolders>
            </configuration>
            """);
        CheckReport(await Dotnet.RunAsync(folder.Path, ["run", "analysis.cs", "--", .. Data, folder.File("report.html")], folder.File("cache")));
        Assert.True(Directory.Exists(Path.Combine(folder.File("cache"), "quantnotebooks.core", ExtensionLoad.Version)), "the packages of this build were not used");
    }

    private static string[] Data => [Repository.PathOf("data", "models", "resnet14-fashion.onnx"), Repository.PathOf("data", "fashion-mnist", "calibration")];

    private void CheckReport(string output)
    {
        Assert.Contains("The mean shift is largest in ", output, StringComparison.Ordinal);
        Assert.Contains("<section", File.ReadAllText(folder.File("report.html")), StringComparison.Ordinal);
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

    [GeneratedRegex(@"^// Outside of this repository the next line is: (#:package QuantNotebooks\.Notebook@(\S+))$", RegexOptions.Multiline)]
    private static partial Regex Package();

    [GeneratedRegex("^#:project .*$", RegexOptions.Multiline)]
    private static partial Regex Project();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"ImageSet\.Load\((""[^""]+"")\)(?:\.Take\(\d+\))?")]
    private static partial Regex Images();
}
