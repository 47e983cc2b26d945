using QuantNotebooks.Export;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>What a killed process left beside its target is gone at the next write, and nothing else is.</summary>
public sealed class AbandonedFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("report.json")]
    [InlineData(".hidden")]
    [InlineData("a*?b.json")]
    public void The_next_write_removes_what_was_left_of_its_own_target(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && name.Contains('*', StringComparison.Ordinal), "skipped: no such name on Windows");
        string[] others =
        [
            Left($"other-{name}.{Guid.NewGuid():n}.tmp"), Left($"{name}.tmp"), Left($"{name}.old.tmp"), Left($"{name}.{Guid.NewGuid():n}"), Left($"{name}.{Guid.NewGuid():n}.more.tmp"),
        ];
        var (first, second) = (Left($"{name}.{Guid.NewGuid():n}.tmp"), Left($"{name}.{Guid.NewGuid():n}.tmp"));
        ReportFile.Write(Path.Combine(_folder.Path, name), "whole");
        Assert.False(File.Exists(first) || File.Exists(second));
        Assert.All(others, other => Assert.Equal("half", File.ReadAllText(other)));
        Assert.Equal("whole", File.ReadAllText(Path.Combine(_folder.Path, name)));
    }

    [Fact]
    public void A_file_that_another_process_writes_or_has_just_written_stays()
    {
        var (held, fresh) = (Left($"o.json.{Guid.NewGuid():n}.tmp"), Left($"o.json.{Guid.NewGuid():n}.tmp"));
        File.SetLastWriteTimeUtc(fresh, DateTime.UtcNow);
        using (new FileStream(held, FileMode.Open, FileAccess.Write, FileShare.None)) ReportFile.Write(Path.Combine(_folder.Path, "o.json"), "whole");
        Assert.True(File.Exists(held) && File.Exists(fresh));
    }

    [Fact]
    public void Nobody_takes_a_file_under_way_for_abandoned()
    {
        var target = Path.Combine(_folder.Path, "o.json");
        ReportFile.Write(target, stream =>
        {
            stream.Write("slow"u8);
            stream.Flush();
            // As if the write had stood still for an hour, while another one to the same target begins and ends.
            var temporary = Assert.Single(Directory.GetFiles(_folder.Path));
            File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow.AddHours(-1));
            ReportFile.Write(target, "fast");
            Assert.True(File.Exists(temporary));
        });
        Assert.Equal("slow", File.ReadAllText(target));
        Assert.Equal(target, Assert.Single(Directory.GetFiles(_folder.Path)));
    }

    private string Left(string name)
    {
        var file = _folder.Write(name, "half"u8.ToArray());
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        return file;
    }
}
