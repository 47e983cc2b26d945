using System.Diagnostics;
using System.Text.Json;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>Killed or interrupted at a random moment, a command leaves whole files only, and the same command again gives what an undisturbed one gives.</summary>
/// <remarks>QUANTNB_LONG_RUN multiplies the signals: 17 sends a hundred kills.</remarks>
public sealed class SignalTests
{
    public static TheoryData<string, string> Cases => new(from command in LongCommand.All from signal in new[] { "KILL", "INT" } select (command.Name, signal));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task ASignalLeavesNothingHalf(string name, string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: signals are Unix's");
        var command = LongCommand.All.Single(one => one.Name == name);
        using var undisturbed = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        undisturbed.Write("n.ipynb", LongCommand.Notebook);
        var clock = Stopwatch.StartNew();
        var reference = await ToolProcess.RunAsync(command.In(undisturbed.Path));
        var duration = clock.Elapsed;
        Assert.True(reference.ExitCode == 0, reference.Error);
        var random = new Random(name.Length);
        var longest = TimeSpan.Zero;
        for (var index = 0; index < LongRun.Cases(1); index++)
        {
            foreach (var file in Directory.EnumerateFileSystemEntries(folder.Path)) Remove(file);
            folder.Write("n.ipynb", LongCommand.Notebook);
            // Some begin with what an earlier, equal run has left.
            if (random.Next(3) == 0) Assert.Equal(0, (await ToolProcess.RunAsync(command.In(folder.Path))).ExitCode);
            var run = await ToolProcess.RunAsync(command.In(folder.Path), signal, duration * random.NextDouble());
            Assert.Contains(run.ExitCode, signal == "INT" ? [0, 130] : new[] { 0, 137 });
            if (run.Stopping > longest) longest = run.Stopping;
            LongCommand.AssertWhole(folder.Path);
            if (signal == "INT") Assert.Empty(Temporary());

            // A kill may leave a temporary name. The next run removes it, a minute later.
            foreach (var temporary in Temporary()) File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow.AddMinutes(-2));

            var again = await ToolProcess.RunAsync(command.In(folder.Path));
            Assert.True(again.ExitCode == 0, again.Error);
            LongCommand.AssertWhole(folder.Path);
            Assert.Empty(Temporary());
            foreach (var output in command.Outputs)
                Assert.True(Same(undisturbed.File(output), folder.File(output)), $"{signal} after {duration}: {output} is not what an undisturbed run gives");
        }
        Figures.Add($"{signal} {name}: {LongRun.Cases(1)} times within {duration.TotalSeconds:F1} s, longest from signal to end {longest.TotalMilliseconds:F0} ms");

        string[] Temporary() => Directory.GetFiles(folder.Path, "*.tmp", SearchOption.AllDirectories);

        bool Same(string one, string other) =>
            File.ReadAllText(one).Replace(undisturbed.Path, folder.Path, StringComparison.Ordinal) == File.ReadAllText(other);
    }

    // A command that is interrupted while it writes a large network is left behind.
    [Fact]
    public async Task AProcessThatEndsWhileItWritesLeavesNoTemporaryFile()
    {
        using var folder = new TemporaryFolder();
        var cell = $$"""
            var folder = {{JsonSerializer.Serialize(folder.Path)}};
            new Thread(() => QuantNotebooks.Export.ReportFile.Write(Path.Combine(folder, "large.json"), new string('x', 300_000_000))).Start();
            while (Directory.GetFiles(folder, "large.json.*.tmp").Length == 0) Thread.Sleep(1);
            typeof(Environment).GetMethod("Exit").Invoke(null, [7]); // named, it is refused
            """;
        var run = await ToolProcess.RunAsync("run", folder.Write("n.ipynb", TestNotebook.Json(cell)), "--out", folder.Path);
        Assert.True(run.ExitCode == 7, run.Error);
        Assert.Equal(["n.ipynb"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    private static void Remove(string entry)
    {
        if (Directory.Exists(entry)) Directory.Delete(entry, recursive: true);
        else File.Delete(entry);
    }
}
