using System.Diagnostics;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A full disk, a folder that takes nothing, images that go away, memory that is short, and two processes with one target.</summary>
public sealed class DiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("correct {net} --images {images} --count 16 --out @o.onnx", "'@o.onnx' can't be written: ")]
    [InlineData("export {net} --format float --out @o.onnx", "'@o.onnx' can't be written: ")]
    [InlineData("shift {net} --images {images} --count 16 --statistics @o.qns", "'@o.qns' can't be written: ")]
    [InlineData("shift {net} --images {images} --count 16 --html @o.html", "'@o.html' can't be written: ")]
    [InlineData("run @n.ipynb --out @o", "'@o/n.ipynb' can't be written: ")]
    public async Task AFullDiskIsSaidAndWhatWasThereStays(string words, string message)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: the limit of a file's size is set with bash");
        _folder.Write("n.ipynb", LongCommand.Notebook.Replace("Enumerable.Range(0, 1000).Sum(); x", "1; Console.Write(new string('x', 200000));", StringComparison.Ordinal));
        Directory.CreateDirectory(_folder.File("o"));
        foreach (var name in new[] { "o.onnx", "o.html", "o/n.ipynb" }) _folder.Write(name, "what was there");
        var run = await ToolProcess.RunOnFullDiskAsync(64, Words(words));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(message.Replace("@", _folder.Path + "/", StringComparison.Ordinal), run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.All(new[] { "o.onnx", "o.html", "o/n.ipynb" }, name => Assert.Equal("what was there", File.ReadAllText(_folder.File(name))));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.tmp", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("size=64k", "No space left on device")]
    [InlineData("ro", "Read-only file system")]
    public async Task ADiskThatTakesNothingIsSaid(string options, string reason)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "skipped: only root may mount a disk");
        var disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        using var mount = Process.Start("mount", ["-t", "tmpfs", "-o", options, "none", disk]);
        await mount.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(mount.ExitCode != 0, "skipped: this system lets nobody mount");
        try
        {
            var (exitCode, _, error) = await Cli.InvokeAsync("export", Cli.Model(Cli.ResNet), "--format", "float", "--out", Path.Combine(disk, "o.onnx"));
            Assert.Equal((ExitCode.Failed, $"'{Path.Combine(disk, "o.onnx")}' can't be written: {reason}.\n"), (exitCode, error));
            Assert.Empty(Directory.EnumerateFileSystemEntries(disk));
        }
        finally
        {
            using var unmount = Process.Start("umount", [disk]);
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task AFolderThatTakesNothingIsSaid()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: /proc is Linux's");
        var (exitCode, _, error) = await Cli.InvokeAsync("load", Cli.Model(Cli.ResNet), "--json", "/proc/quantnb.json");
        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.StartsWith("'/proc/quantnb.json' can't be written: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImagesThatGoAwayAreNamed()
    {
        var images = Pictures();
        // The first line of progress comes when the measurement is under way.
        using var error = new Watch(() => Directory.Delete(images, recursive: true));
        var exitCode = await QuantnbCommand.InvokeAsync(
            ["shift", Cli.Model("ppocr-text-direction"), "--images", images, "--json", _folder.File("o.json")], new StringWriter(), error, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.Matches(@"pictures/\d+\.png does not exist\.\n$", error.ToString());
        Assert.False(File.Exists(_folder.File("o.json")));
    }

    [Fact]
    public async Task LittleMemoryGivesTheSameAndNoPlaceForTheRestIsSaid()
    {
        string[] words = ["shift", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "64"];
        await RunAsync([.. words, "--json", _folder.File("much.json")]);
        await RunAsync([.. words, "--json", _folder.File("little.json"), "--memory", "1MiB"]);
        Assert.Equal(await File.ReadAllTextAsync(_folder.File("much.json")), await File.ReadAllTextAsync(_folder.File("little.json")));

        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: the limit of a file's size is set with bash");
        var run = await ToolProcess.RunOnFullDiskAsync(64, [.. words, "--memory", "1MiB", "--json", _folder.File("none.json")]);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("can't take what is beyond the memory budget: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("Allow more memory, or name another folder in TMPDIR.", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("none.json")));
    }

    [Fact]
    public async Task TwoProcessesWithOneTargetBothLeaveItWhole()
    {
        var words = Words("correct {net} --images {images} --count 32 --method fine-tune --epochs 2 --checkpoint @state.json --out @o.onnx --json @o.json");
        var runs = await Task.WhenAll(ToolProcess.RunAsync(words), ToolProcess.RunAsync(words));
        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        var together = (await File.ReadAllBytesAsync(_folder.File("o.onnx")), await File.ReadAllTextAsync(_folder.File("o.json")));
        File.Delete(_folder.File("state.json"));
        Assert.Equal(0, (await ToolProcess.RunAsync(words)).ExitCode);
        Assert.Equal(together.Item1, await File.ReadAllBytesAsync(_folder.File("o.onnx")));
        Assert.Equal(together.Item2, await File.ReadAllTextAsync(_folder.File("o.json")));
    }

    private static async Task RunAsync(string[] words)
    {
        var (exitCode, _, error) = await Cli.InvokeAsync(words);
        Assert.True(exitCode == 0, error);
    }

    private string Pictures()
    {
        var folder = Directory.CreateDirectory(_folder.File("pictures")).FullName;
        var picture = Directory.EnumerateFiles(QuantNotebooks.Tests.Repository.PathOf("data", "text-direction", "calibration"), "*.png").First();
        for (var index = 0; index < 400; index++) File.Copy(picture, Path.Combine(folder, $"{index}.png"));
        return folder;
    }

    private string[] Words(string words) => words.Replace("{net}", Cli.Model(Cli.ResNet), StringComparison.Ordinal).Replace("{images}", Cli.Calibration, StringComparison.Ordinal)
        .Replace("@", _folder.Path + "/", StringComparison.Ordinal).Split(' ');

    /// <summary>Standard error that does something at its first line.</summary>
    private sealed class Watch(Action act) : StringWriter
    {
        private Action? _act = act;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            Interlocked.Exchange(ref _act, null)?.Invoke();
        }
    }
}
