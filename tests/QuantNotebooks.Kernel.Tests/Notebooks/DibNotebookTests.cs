using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Tests.CommandLine;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

public sealed class DibNotebookTests : IDisposable
{
    // As Polyglot Notebooks writes it: all languages listed, a connected database with a name of its own, commands within cells.
    private const string Sample = """
        #!meta

        {"kernelInfo":{"defaultKernelName":"csharp","items":[{"aliases":[],"languageName":"csharp","name":"csharp"},{"aliases":["f#","fs"],"languageName":"fsharp","name":"fsharp"},{"aliases":[],"languageName":"T-SQL","name":"sql-shop"},{"aliases":["script"],"languageName":"csharp","name":".NET"}]}}

        #!markdown

        # Title
        A `#!csharp` within a line is no cell.

        #!csharp

        #!time
        var text = "#!markdown is text here";

        text.Length

        #!fsharp

        let x = 1
        ```

        #!sql-shop

        SELECT 1

        #!html

        <b>bold</b>

        #!js

        console.log(1)

        #!script

        1 + 1
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EachLanguageBecomesItsKindOfCell()
    {
        var cells = DibNotebook.Parse(Sample, "x.dib").Cells;
        Assert.Equal(
            [CellKind.Markdown, CellKind.Code, CellKind.Markdown, CellKind.Markdown, CellKind.Code, CellKind.Code, CellKind.Code], cells.Select(cell => cell.Kind));
        Assert.Equal("# Title\nA `#!csharp` within a line is no cell.", cells[0].Source);
        Assert.Equal("#!time\nvar text = \"#!markdown is text here\";\n\ntext.Length", cells[1].Source);
        Assert.Equal("**Not run:** this cell is written in fsharp, and the kernel runs C#. As it stood in the old notebook:\n\n````fsharp\nlet x = 1\n```\n````", cells[2].Source);
        Assert.Contains("written in sql-shop", cells[3].Source, StringComparison.Ordinal);
        Assert.Equal(["#!html\n<b>bold</b>", "#!javascript\nconsole.log(1)", "1 + 1"], cells.Skip(4).Select(cell => cell.Source));
    }

    [Theory]
    [InlineData("1 + 1", "1 + 1")]
    [InlineData("1 + 1\r\n#!markdown\r\n*x*\r\n", "1 + 1|*x*")]
    [InlineData("\uFEFF#!c#\nvar a = 1;\n\n\n\n#!C#\n#!csharp\na", "var a = 1;|a")]
    [InlineData("#!meta\n{\"kernelInfo\":{\"defaultKernelName\":\"markdown\"}}\n#!csharp\n1", "1")]
    [InlineData("#!meta\n{\"other\": 1}\n#!csharp\n1", "1")]
    [InlineData("  #!markdown\n#!unknown\n1", "  #!markdown\n#!unknown\n1")]
    [InlineData("", "")]
    public void LinesThatNameALanguageDivideCells(string text, string sources) =>
        Assert.Equal(sources, string.Join('|', DibNotebook.Parse(text, "x.dib").Cells.Select(cell => cell.Source)));

    [Theory]
    [InlineData("#!meta\n\n{\"kernelInfo\":\n!}\n#!csharp\n1", "#!meta is no JSON object (line 4)")]
    [InlineData("#!meta\n\n#!csharp\n1", "#!meta is no JSON object")]
    [InlineData("#!meta\n[1]", "#!meta is no JSON object")]
    [InlineData("{\"nbformat\": 4}", ".ipynb")]
    [InlineData("\0\u0001", "no text")]
    public void WhatIsNoSuchNotebookIsNamed(string text, string problem)
    {
        var path = folder.Write("broken.dib", text);
        var message = Assert.Throws<NotebookFileException>(() => DibNotebook.Read(path)).Message;
        Assert.StartsWith(path + ": ", message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public async Task ConvertWritesANotebookThatReadsTheSame()
    {
        var (source, target) = (folder.Write("old.dib", Sample), folder.File("new.ipynb"));
        Assert.Equal((ExitCode.Done, target + "\n", ""), await Cli.InvokeAsync("convert", source, target));
        var converted = NotebookDocument.Read(target);
        Assert.Equal("C#", converted.Language);
        Assert.Equal(DibNotebook.Parse(Sample, "x.dib").Cells.Select(cell => (cell.Kind, cell.Source, cell.Id)), converted.Cells.Select(cell => (cell.Kind, cell.Source, cell.Id)));

        Assert.Equal((ExitCode.Failed, "", $"{target}: exists already; nothing was written\n"), await Cli.InvokeAsync("convert", source, target));
        Assert.Equal((ExitCode.Failed, "", $"{folder.File("none.dib")}: there is no such file\n"), await Cli.InvokeAsync("convert", folder.File("none.dib"), folder.File("y.ipynb")));
        Assert.Equal(ExitCode.WrongUsage, (await Cli.InvokeAsync("convert", target, folder.File("y.ipynb"))).ExitCode);
        Assert.Equal(ExitCode.WrongUsage, (await Cli.InvokeAsync("convert", source, folder.File("y.html"))).ExitCode);
    }
}
