namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>Wrong words and bad files: the exit code, and one clear line that names the thing.</summary>
public sealed class BadCommandTests : IDisposable
{
    private const string Net = "<resnet>";
    private const string Set = "<calibration>";
    private const string Temporary = "<temporary>";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(new[] { "shfit", Net }, "unknown command 'shfit'; did you mean 'shift'?")]
    [InlineData(new[] { "help", "evalute" }, "unknown command 'evalute'; did you mean 'evaluate'?")]
    [InlineData(new[] { "help", "xyzzy" }, "unknown command 'xyzzy'")]
    [InlineData(new[] { "shift", Net, "--imges", Set }, "unknown option '--imges'; did you mean '--images'?")]
    [InlineData(new[] { "compare", Net, "--wieght-bits", "8", "--images", Set }, "unknown option '--wieght-bits'; did you mean '--weight-bits'?")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--picture", "x.html" }, "unknown option '--picture'")]
    [InlineData(new[] { "shift", Net, "second.onnx", "--images", Set }, "unknown argument 'second.onnx'")]
    [InlineData(new[] { "shift", Net }, "'--images' is required")]
    [InlineData(new[] { "load" }, "Required argument missing")]
    [InlineData(new[] { "shift", Net, "--images" }, "Required argument missing for option: '--images'")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--weight-bits", "1" }, "--weight-bits must be a whole number from 2 to 16 or 'float', not '1'.")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--activation-bits", "17" }, "--activation-bits must be a whole number from 2 to 16 or 'float', not '17'.")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--weight-bits", "x" }, "--weight-bits must be a whole number from 2 to 16 or 'float', not 'x'.")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--bias-bits", "8" }, "--bias-bits must be 32, 16 or 'float', not '8'.")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--count", "0" }, "--count must be a whole number of at least 1, not '0'.")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--count", "-3" }, "--count must be a whole number of at least 1, not '-3'.")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--count", "99999999999" }, "--count must be a whole number of at least 1")]
    [InlineData(new[] { "shift", Net, "--images", Set, "--count", "4", "--count", "5" }, "--count")]
    [InlineData(new[] { "shift", Net, "--images", "" }, "--images must be a name, not ''.")]
    [InlineData(new[] { "equalize", Net, "--method", "twostep" }, "did you mean 'two-step'?")]
    [InlineData(new[] { "equalize", Net, "--method", "one-step" }, "--images is missing: one-step looks at the ranges of activations")]
    [InlineData(new[] { "equalize", Net, "--max-factor", "0.5" }, "--max-factor must be a number above 1, not '0.5'.")]
    [InlineData(new[] { "equalize", Net, "--out", Net }, "or the original is lost")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--method", "magic" }, "--method must be 'iterative', 'analytic' or 'fine-tune', not 'magic'.")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--at", "both" }, "--at must be 'before' or 'after', not 'both'.")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--method", "analytic", "--at", "after" }, "--at says nothing to this method: it is for --method iterative.")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--epochs", "3" }, "--epochs says nothing to this method: it is for --method fine-tune.")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--count", "2000", "--held-out", "100" }, "--held-out 100 wants images after the first 2000")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--held-out", "2048" }, "--held-out 2048")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--out", Net }, "or the original is lost")]
    [InlineData(new[] { "evaluate", Net, "--images", Set, "--count", "8" }, "--calibration is missing")]
    [InlineData(new[] { "compare", Net, "--images", Set, "--count", "8" }, "--calibration is missing")]
    [InlineData(new[] { "evaluate", Net, "--images", Set, "--float", "--weight-bits", "4" }, "--float quantizes nothing, so it can't be given together with --weight-bits.")]
    public async Task WrongUsageIsNamed(string[] words, string message)
    {
        var (exitCode, output, error) = await Cli.InvokeAsync(Real(words));
        Assert.Equal((2, ""), (exitCode, output));
        AssertClear(error, message, lines: 2);
    }

    [Theory]
    [InlineData(new[] { "load", "nowhere.onnx" }, "There is no file 'nowhere.onnx'.")]
    [InlineData(new[] { "load", "" }, "The path of the network is empty")]
    [InlineData(new[] { "load", Temporary }, "is a folder")]
    [InlineData(new[] { "load", Temporary + "/picture.png" }, "picture.png' is not an ONNX file")]
    [InlineData(new[] { "load", Temporary + "/letter.onnx" }, "letter.onnx'")]
    [InlineData(new[] { "load", Temporary + "/empty.onnx" }, "empty.onnx' is empty")]
    [InlineData(new[] { "load", Temporary + "/cut.onnx" }, "cut.onnx'")]
    [InlineData(new[] { "compare", Net, "nowhere.onnx", "--images", Set }, "There is no file 'nowhere.onnx'.")]
    [InlineData(new[] { "shift", Net, "--images", "nowhere" }, "nowhere does not exist")]
    [InlineData(new[] { "shift", Net, "--images", Net }, "is not a set of images")]
    [InlineData(new[] { "shift", Net, "--images", Temporary + "/none-images-idx3-ubyte" }, "none-images-idx3-ubyte")]
    [InlineData(new[] { "shift", Net, "--images", Temporary + "/small-images-idx3-ubyte" }, "image 0 of small is 20x20")]
    [InlineData(new[] { "correct", Net, "--images", Temporary + "/small-images-idx3-ubyte" }, "image 0 of small is 20x20")]
    [InlineData(new[] { "evaluate", Net, "--float", "--images", Temporary + "/small-images-idx3-ubyte" }, "image 0 of small is 20x20")]
    [InlineData(new[] { "shift", Temporary + "/alone.onnx", "--images", Set, "--count", "8" }, "has no sidecar")]
    [InlineData(new[] { "evaluate", Temporary + "/alone.onnx", "--float", "--images", Set, "--count", "8" }, "has no sidecar")]
    [InlineData(new[] { "load", Net, "--json", Temporary + "/no/folder.json" }, "there is no folder")]
    [InlineData(new[] { "load", Net, "--json", Temporary }, "is a folder")]
    [InlineData(new[] { "correct", Net, "--images", Set, "--out", Temporary + "/no/folder.onnx" }, "there is no folder")]
    public async Task ABadFileIsOneLine(string[] words, string message)
    {
        WriteFiles();
        var (exitCode, output, error) = await Cli.InvokeAsync(Real(words));
        Assert.Equal((1, ""), (exitCode, output));
        AssertClear(error, message, lines: 1);
    }

    [Fact]
    public async Task ANetworkWithoutSidecarCanBeLookedAt()
    {
        WriteFiles();
        var (exitCode, output, error) = await Cli.InvokeAsync("load", _folder.File("alone.onnx"));
        Assert.Equal((0, ""), (exitCode, error));
        Assert.StartsWith("alone: ", output, StringComparison.Ordinal);
    }

    private static void AssertClear(string error, string message, int lines)
    {
        // Progress may have begun before the mistake was found.
        var said = error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains(": 0/", StringComparison.Ordinal)).ToList();
        Assert.Equal(lines, said.Count);
        Assert.Contains(message, said[0], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", error, StringComparison.Ordinal);
    }

    private string[] Real(string[] words) => Array.ConvertAll(words, word =>
        word.Replace(Net, Cli.Model(Cli.ResNet), StringComparison.Ordinal)
            .Replace(Set, Cli.Calibration, StringComparison.Ordinal)
            .Replace(Temporary, _folder.Path, StringComparison.Ordinal));

    private void WriteFiles()
    {
        byte[] png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0];
        File.WriteAllBytes(_folder.File("picture.png"), png);
        File.WriteAllText(_folder.File("letter.onnx"), "Dear reader, this is no network.\n");
        File.WriteAllBytes(_folder.File("empty.onnx"), []);
        var network = File.ReadAllBytes(Cli.Model(Cli.ResNet));
        File.WriteAllBytes(_folder.File("cut.onnx"), network[..(network.Length / 2)]);
        File.WriteAllBytes(_folder.File("alone.onnx"), network);
        _folder.WriteIdx("none", count: 0, side: 28);
        _folder.WriteIdx("small", count: 3, side: 20);
    }
}
