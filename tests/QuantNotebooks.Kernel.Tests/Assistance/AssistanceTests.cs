using QuantNotebooks.Kernel.Assistance;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Scripting;

namespace QuantNotebooks.Kernel.Tests.Assistance;

/// <summary>Completion and explanation at the mark '|' of a cell.</summary>
public sealed class AssistanceTests : IDisposable
{
    private readonly NotebookSession session = new(NotebookEnvironment.Options(null));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => session.Dispose();

    [Fact]
    public async Task MembersVariablesAndTypesAreCompleted()
    {
        Assert.Contains("WriteLine", await Complete("Console.Wri|"));
        Assert.Equal(["Sqrt"], (await Complete("var y = Math.Sq|rt(2);")).Take(1));
        Assert.Contains("Int8PerTensor", await Complete("QuantizationScheme.Int|"));
        Assert.Contains("MeasureMeanShift", await Complete($"Network.Load(\"x\").Measure|"));
        Assert.DoesNotContain("Abs", await Complete("Math.Sq|"));
    }

    [Fact]
    public async Task WhatEarlierCellsDeclaredIsKnown()
    {
        await Run("using System.Net;\nrecord Point(int Across, int Down);\nclass Thing { public int Weight; }\nint Twice(int number) => 2 * number;\nvar first = new Point(1, 2); var anonymous = new { Inner = 5 };");
        await Run("var things = new List<Thing> { new() };");
        await Run("var first = \"now a string\";");
        Assert.Contains("Length", await Complete("first.Len|"));
        Assert.DoesNotContain("Across", await Complete("first.|"));
        Assert.Contains("Weight", await Complete("things[0].|"));
        Assert.Contains("Across", await Complete("new Point(1, 2).|"));
        Assert.Contains("Inner", await Complete("anonymous.|"));
        Assert.Contains("Twice", await Complete("Twi|"));
        Assert.Contains("IPAddress", await Complete("IPAddr|"));
    }

    [Fact]
    public async Task TheVariableOfAMagicIsKnown()
    {
        await Run($"#!quant-load {Cli.Model(Cli.ResNet)} --as net");
        Assert.Contains("Layers", await Complete("#!time\nnet.Lay|\n#!who"));
        Assert.Contains("net", await Complete("#!quant-shift n|"));
    }

    [Theory]
    [InlineData("#!quant-sh|", "#!quant-shift")]
    [InlineData("#!|", "#!quant-load")]
    [InlineData("1;\n#!quant-shift net --im|", "--images")]
    [InlineData("#!quant-shift net --|", "--as")]
    [InlineData("#!quant-shift net --bias-bits |", "float")]
    [InlineData("#!quant-shift net --range m|", "mse")]
    [InlineData("#!help sh", "shift")]
    [InlineData("#!quant-shift net --scheme tens|", "tensorrt")]
    [InlineData("#!html\n<b|", null)]
    public async Task MagicsAreCompleted(string cell, string? expected)
    {
        var offered = await Complete(cell.Contains('|', StringComparison.Ordinal) ? cell : cell + "|");
        if (expected is null) Assert.Empty(offered);
        else Assert.Contains(expected, offered);
    }

    [Fact]
    public async Task FilesAreCompletedFolderByFolder()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("inner"));
        folder.Write("inner/with space.onnx", "");
        folder.Write("net.onnx", "");
        Assert.Equal([folder.File("inner") + "/", folder.File("net.onnx")], await Complete($"#!quant-load {folder.Path}/|"));
        Assert.Equal([$"\"{folder.File("inner")}/with space.onnx\""], await Complete($"#!quant-load {folder.Path}/inner/w|"));
        Assert.Empty(await Complete($"#!quant-load {folder.Path}/nowhere/|"));
    }

    [Fact]
    public async Task TheTextToReplaceIsTold()
    {
        const string cell = "#!who\nConsole.WriteLi";
        var found = await session.CompleteAsync(cell, cell.Length, Token);
        Assert.Equal("WriteLi", cell[found.Start..found.End]);
        Assert.All(found.Items, item => Assert.Equal("function", item.Kind));
    }

    [Fact]
    public async Task SignatureAndDocumentationAreShown()
    {
        var text = await Explain("Network.Lo|ad(\"x\")");
        Assert.Contains("Network.Load(string path", text, StringComparison.Ordinal);
        Assert.Contains("ONNX", text, StringComparison.Ordinal);
        Assert.Contains("Math.Max(", await Explain("Math.Max(1, |"), StringComparison.Ordinal);
        Assert.Contains("double Math.Max(double val1, double val2)", await Explain("Math.Max(1, |"), StringComparison.Ordinal);
        await Run("int Twice(int number) => 2 * number;");
        Assert.Contains("int Twice(int number)", await Explain("Twice|(2)"), StringComparison.Ordinal);
        Assert.Null(await session.ExplainAsync("   ", 2, Token));
    }

    [Fact]
    public async Task MagicsAreExplained()
    {
        Assert.Contains("--weight-bits", await Explain("#!quant-shift n|et"), StringComparison.Ordinal);
        Assert.StartsWith("--count N", await Explain("#!quant-shift net --cou|nt 5"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AResetIsForgottenByCompletionToo()
    {
        await Run("var vanishing = 1;");
        Assert.Contains("vanishing", await Complete("vanish|"));
        await Run("#!reset");
        Assert.DoesNotContain("vanishing", await Complete("vanish|"));
    }

    private async Task<IReadOnlyList<string>> Complete(string marked)
    {
        var position = marked.IndexOf('|', StringComparison.Ordinal);
        var found = await session.CompleteAsync(marked.Remove(position, 1), position, Token);
        return [.. found.Items.Select(item => item.Text)];
    }

    private async Task<string> Explain(string marked)
    {
        var position = marked.IndexOf('|', StringComparison.Ordinal);
        return await session.ExplainAsync(marked.Remove(position, 1), position, Token) ?? "";
    }

    private async Task Run(string cell)
    {
        var result = await session.RunAsync(cell, new RecordingOutput(), Token);
        Assert.True(result is CellSucceeded, result.Error?.Message);
    }
}
