using System.Text.Json;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>
/// Ctrl-C in the middle of every long command: it ends with 130 and a whole report or none, says nothing that only its authors understand, and how long
/// that takes is told (QUANTNB_FIGURES). A second on a quiet machine is the promise; tests of time don't belong into a run on a busy one.
/// </summary>
/// <remarks>QUANTNB_LONG_RUN multiplies the signals.</remarks>
public sealed class InterruptedToolTests
{
    [Theory]
    [InlineData("shift {net} --images {test}")]
    [InlineData("shift {net} --images {test} --split")]
    [InlineData("sensitivity {net} --images {test} --sample 8000")]
    [InlineData("equalize {net} --images {test} --method two-step")]
    [InlineData("correct {net} --images {test} --count 6000 --held-out 64")]
    [InlineData("correct {net} --images {images} --method fine-tune")]
    [InlineData("evaluate {net} --images {test} --calibration {images}")]
    [InlineData("compare {net} {mobile} --images {test} --calibration {images}")]
    [InlineData("recommend {net} --images {images} --count 1024 --held-out 1024 --weight-bits 4")]
    [InlineData("prune {net} --images {test}")]
    [InlineData("report {net} --images {images} --count 1024 --held-out 1024 --weight-bits 4")]
    [InlineData("export {net} --calibration {images} --check {test} --out @x.onnx")]
    [InlineData("sweep @plan.json")]
    [InlineData("run @n.ipynb --out @o")]
    public async Task ItEndsAndSaysWhatIsDone(string command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: signals are Unix's");
        var random = new Random(command.Length);
        var (longest, count) = (TimeSpan.Zero, LongRun.Cases(2));
        for (var index = 0; index < count; index++)
        {
            using var folder = new TemporaryFolder();
            folder.Write("n.ipynb", LongCommand.Notebook.Replace("i < 20", "i < 2000", StringComparison.Ordinal));
            folder.Write("plan.json", Plan);
            var words = Words(command, folder.Path);
            var isRun = command.StartsWith("run ", StringComparison.Ordinal);
            if (!isRun) words = [.. words, "--json", folder.File("x.json")];
            var run = await ToolProcess.RunUntilProgressAsync(words, "INT", TimeSpan.FromSeconds(2 * random.NextDouble()));
            Assert.True(run.ExitCode == ExitCode.Interrupted, $"{run.ExitCode}: {run.Error}");
            Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("unexpected", run.Error, StringComparison.Ordinal);
            // A report is whole, and says that it is of a part; fine-tuning and equalization say it in words of their own.
            if (File.Exists(folder.File("x.json"))) JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("x.json"), TestContext.Current.CancellationToken)).Dispose();
            else if (!isRun) Assert.Contains("interrupted", run.Error, StringComparison.OrdinalIgnoreCase);
            Assert.Empty(Directory.EnumerateFiles(folder.Path, "*.tmp", SearchOption.AllDirectories));
            if (run.Stopping > longest) longest = run.Stopping;
        }
        Figures.Add($"SIGINT to the end of {command}: {count} times, longest {longest.TotalMilliseconds:F0} ms");
    }

    [Fact]
    public async Task ItDoesNotWaitForAFileThatIsReadForever()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: signals are Unix's");
        using var folder = new TemporaryFolder();
        using var pipe = new OpenedPipe(folder.File("net.onnx"));
        var run = await ToolProcess.RunAsync(["remove-dead", pipe.Path, "--out", folder.File("out.onnx")], "INT", () => pipe.IsBeingRead);
        Assert.Equal((ExitCode.Interrupted, "interrupted\n"), (run.ExitCode, run.Error));
        Assert.False(File.Exists(folder.File("out.onnx")));
        Assert.True(run.Stopping < TimeSpan.FromSeconds(20));
        Figures.Add($"SIGINT to the end of a command that reads: {run.Stopping.TotalMilliseconds:F0} ms");
    }

    /// <summary>A plan of experiments that takes a while.</summary>
    internal static string Plan { get; } = Filled("""
        { "networks": ["{net}"], "images": { "calibration": "{images}", "calibrationCount": 256, "test": "{test}" },
          "methods": ["naive", "iterative", "cross-layer + iterative"], "schemes": [8, 6, 5, 4] }
        """);

    private static string Filled(string text) => text.Replace("{net}", Cli.Model(Cli.ResNet), StringComparison.Ordinal).Replace("{mobile}", Cli.Model(Cli.MobileNetV2), StringComparison.Ordinal)
        .Replace("{images}", Cli.Calibration, StringComparison.Ordinal).Replace("{test}", Cli.Test, StringComparison.Ordinal);

    private static string[] Words(string command, string folder) => Filled(command).Replace("@", folder + "/", StringComparison.Ordinal).Split(' ');
}
