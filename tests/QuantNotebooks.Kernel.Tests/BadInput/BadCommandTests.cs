using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.Tests.BadInput;

/// <summary>Wrong command lines and bad files: exactly these words on standard error, the exit code, and nothing left behind.</summary>
public sealed class BadCommandTests(BadFiles files) : IClassFixture<BadFiles>
{
    public static TheoryData<string, string> Options => Transcript.Read("options");

    public static TheoryData<string, string> Networks => Transcript.Read("networks");

    public static TheoryData<string, string> Images => Transcript.Read("images");

    public static TheoryData<string, string> Sidecars => Transcript.Read("sidecars");

    public static TheoryData<string, string> Outputs => Transcript.Read("outputs");

    [Theory]
    [MemberData(nameof(Options))]
    [MemberData(nameof(Networks))]
    [MemberData(nameof(Images))]
    [MemberData(nameof(Sidecars))]
    [MemberData(nameof(Outputs))]
    public Task IsRefusedInTheseWords(string input, string expected) => RefusedAsync(files, input, expected);

    [Fact]
    public async Task ANetworkWithoutSidecarCanBeLookedAt()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("load", files.WithPaths("@alone.onnx"));
        Assert.Equal((0, ""), (exitCode, error));
        Assert.StartsWith("alone: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PicturesForAReaderOfTextAreTold()
    {
        var (exitCode, _, error) = await Cli.InvokeAsync([.. CommandWords.Split(files.WithPaths("shift {reader} --images {test} --count 2"))]);
        Assert.Equal(0, exitCode);
        Assert.Contains(
            "warning: 'ppocr-v4-text-recognition' reads lines of text, and the images of 'test' are labelled with classes; they are likely none for this network, and then what is measured means little.\n",
            error, StringComparison.Ordinal);
    }

    internal static async Task RefusedAsync(BadFiles files, string input, string expected)
    {
        var before = files.Listing();
        var (exitCode, output, error) = await Cli.InvokeAsync([.. CommandWords.Split(files.WithPaths(input))]);
        // Progress may have begun before the mistake was found.
        var said = error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !Regex.IsMatch(line, @"^(\[\d+/\d+\]|[a-z]+: \d+/\d+) "));
        Assert.Equal(expected, files.WithNames(string.Join('\n', said)));
        Assert.Equal(expected.Contains("\nTry 'quantnb ", StringComparison.Ordinal) ? ExitCode.WrongUsage : ExitCode.Failed, exitCode);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", error, StringComparison.Ordinal);
        Assert.Equal("", output);
        Assert.Equal(before, files.Listing());
    }
}
