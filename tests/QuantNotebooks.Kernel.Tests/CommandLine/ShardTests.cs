using System.Diagnostics;
using System.Text.Json;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>A measurement in parts, each by a process of its own, as a job array runs them.</summary>
public sealed class ShardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string[] Arguments(int shard) =>
    [
        "shift", Cli.Model(Cli.MobileNetV1), "--images", Cli.Calibration, "--count", "160", "--calibration", Cli.Test, "--calibration-count", "32", "--split",
        "--weight-bits", "6", "--shard", $"{shard}/4", "--statistics", _folder.File($"s{shard}.qns"),
    ];

    [Fact]
    public async Task FourProcessesGiveTheReportOfOne()
    {
        var token = TestContext.Current.CancellationToken;
        var processes = Enumerable.Range(1, 4).Select(shard => Process.Start(
            new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "quantnb.dll"), .. Arguments(shard)]) { RedirectStandardOutput = true, RedirectStandardError = true })!).ToArray();
        foreach (var process in processes)
        {
            var error = process.StandardError.ReadToEndAsync(token);
            await process.StandardOutput.ReadToEndAsync(token);
            await process.WaitForExitAsync(token);
            Assert.True(process.ExitCode == 0, await error);
            process.Dispose();
        }
        string[] files = [.. Enumerable.Range(1, 4).Select(shard => _folder.File($"s{shard}.qns")).Reverse()];
        var merged = await Cli.JsonAsync(["merge", .. files]);
        var whole = await Cli.JsonAsync(
            "shift", Cli.Model(Cli.MobileNetV1), "--images", Cli.Calibration, "--count", "160", "--calibration", Cli.Test, "--calibration-count", "32", "--split", "--weight-bits", "6");
        AssertAlike(whole, merged, "$");
    }

    [Fact]
    public async Task WhatIsFinishedIsNotMeasuredAgainAndOtherStatisticsAreNotOverwritten()
    {
        Assert.Equal(0, (await Cli.InvokeAsync(Arguments(2))).ExitCode);
        var written = File.GetLastWriteTimeUtc(_folder.File("s2.qns"));
        var again = await Cli.InvokeAsync(Arguments(2));
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("nothing is measured again", again.Error, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(_folder.File("s2.qns")));

        var other = await Cli.InvokeAsync([.. Arguments(2), "--activation-bits", "5"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("holds other statistics", other.Error, StringComparison.Ordinal);
        var incomplete = await Cli.InvokeAsync("merge", _folder.File("s2.qns"));
        Assert.Equal(1, incomplete.ExitCode);
        Assert.Contains("images 0 to 31 of 160 are missing", incomplete.Error, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(_folder.File("s2.qns")));
    }

    [Fact]
    public async Task AKilledShardLeavesNothingHalfAndOnlyItIsMeasuredAgain()
    {
        var token = TestContext.Current.CancellationToken;
        Assert.Equal(0, (await Cli.InvokeAsync(Arguments(1))).ExitCode);
        var first = await File.ReadAllBytesAsync(_folder.File("s1.qns"), token);
        using (var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "quantnb.dll"), .. Arguments(2)]) { RedirectStandardOutput = true, RedirectStandardError = true })!)
        {
            // Progress tells that it is in the middle of its work.
            var line = await process.StandardError.ReadLineAsync(token);
            process.Kill();
            await process.WaitForExitAsync(token);
            Assert.NotEqual(0, process.ExitCode);
            Assert.StartsWith("shift: ", line, StringComparison.Ordinal);
        }
        Assert.Equal([_folder.File("s1.qns")], Directory.GetFiles(_folder.Path));

        // The same four lines again, as a job array repeats them.
        foreach (var shard in Enumerable.Range(1, 4))
        {
            var (exitCode, _, error) = await Cli.InvokeAsync(Arguments(shard));
            Assert.True(exitCode == 0, error);
            Assert.Equal(shard == 1, error.Contains("nothing is measured again", StringComparison.Ordinal));
        }
        Assert.Equal(first, await File.ReadAllBytesAsync(_folder.File("s1.qns"), token));
        var merged = await Cli.JsonAsync(["merge", .. Enumerable.Range(1, 4).Select(shard => _folder.File($"s{shard}.qns"))]);
        Assert.Equal(160, merged.GetProperty("images").GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("--shard 5/4 --statistics x.qns", "--shard must be two numbers")]
    [InlineData("--shard 1/4", "--shard wants --statistics FILE")]
    [InlineData("--shard 1/2 --statistics x.qns --count 64", "--shard wants ranges that all parts share")]
    [InlineData("--shard 1/2 --statistics x.qns --held-out 4", "--held-out can't be given together with --shard")]
    public async Task AShardThatCantBeMergedIsRefused(string options, string message)
    {
        var (exitCode, _, error) = await Cli.InvokeAsync(["shift", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, .. options.Replace("x.qns", _folder.File("x.qns"), StringComparison.Ordinal).Split(' ')]);
        Assert.Equal(2, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    /// <summary>Numbers to 1e-12 of their own size or of the largest in their list, everything else exactly.</summary>
    private static void AssertAlike(JsonElement expected, JsonElement actual, string path)
    {
        Assert.True(expected.ValueKind == actual.ValueKind, path);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(expected.EnumerateObject().Select(property => property.Name), actual.EnumerateObject().Select(property => property.Name));
                foreach (var property in expected.EnumerateObject()) AssertAlike(property.Value, actual.GetProperty(property.Name), $"{path}.{property.Name}");
                break;
            case JsonValueKind.Array when expected.GetArrayLength() > 0 && expected[0].ValueKind is JsonValueKind.Number:
                var (one, other) = (expected.Doubles(), actual.Doubles());
                var largest = one.Where(double.IsFinite).Max(Math.Abs);
                // p-values near zero are compared with a rate, so their own last digits say nothing.
                var tolerance = path.EndsWith("adjustedPValue", StringComparison.Ordinal) ? 1e-9 : 1e-12 * Math.Max(largest, 1e-30);
                Assert.All(one.Zip(other), pair => Assert.True(pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= tolerance, $"{path}: {pair}"));
                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
                for (var index = 0; index < expected.GetArrayLength(); index++) AssertAlike(expected[index], actual[index], $"{path}[{index}]");
                break;
            case JsonValueKind.Number:
                Assert.True(Math.Abs(expected.GetDouble() - actual.GetDouble()) <= 1e-12 * Math.Abs(expected.GetDouble()), $"{path}: {expected} {actual}");
                break;
            default:
                Assert.True(expected.ToString() == actual.ToString(), $"{path}: {expected} {actual}");
                break;
        }
    }
}
