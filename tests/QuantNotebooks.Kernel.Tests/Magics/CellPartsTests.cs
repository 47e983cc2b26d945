using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.Tests.Magics;

public sealed class CellPartsTests
{
    [Fact]
    public void CSharpKeepsItsLineNumbers()
    {
        var parts = CellParts.Of("#!who\nvar a = 1;\n  #!whos\n\nvar b = 2;\nb");
        Assert.Equal([1, 2, 3, 4], parts.Select(part => part.Line));
        Assert.Equal("\nvar a = 1;", Assert.IsType<CodePart>(parts[1]).Code);
        Assert.Equal("\n\n\n\nvar b = 2;\nb", Assert.IsType<CodePart>(parts[3]).Code);
    }

    [Theory]
    [InlineData("var s = \"\"\"\n#!who\n\"\"\";")]
    [InlineData("var s = @\"\n#!who\n\";")]
    [InlineData("/*\n#!who\n*/ 1")]
    [InlineData("#if false\n#!who\n#endif\n1")]
    [InlineData("#!/usr/bin/env dotnet\n1")]
    [InlineData("// #!who\n1")]
    public void WhatIsInsideAStringOrCommentIsNoMagic(string cell) => Assert.Equal(cell, Assert.IsType<CodePart>(Assert.Single(CellParts.Of(cell))).Code);

    [Fact]
    public void TextGoesToTheNextMagic()
    {
        var parts = CellParts.Of("#!html\n<b>\"'/*\n#!csharp\n1");
        Assert.Equal(["html", "csharp"], parts.OfType<MagicPart>().Select(part => part.Name));
        Assert.Equal("\n\n\n1", Assert.IsType<CodePart>(parts[2]).Code);
    }

    [Theory]
    [InlineData("1\n#!quant-shfit net", 2, "unknown magic '#!quant-shfit'; did you mean '#!quant-shift'? #!help lists all.")]
    [InlineData("#!who all", 1, "'all' is one word too many.")]
    [InlineData("#!quant-shift net --imags x", 1, "unknown option '--imags'; did you mean '--images'?")]
    [InlineData("#!quant-shift net --images=x", 1, "write '--images x', not '--images=x'.")]
    [InlineData("#!quant-shift net --images", 1, "--images wants a value: *")]
    [InlineData("#!quant-shift net --images --count 5", 1, "--images wants a value: *")]
    [InlineData("#!quant-shift net --images a --images b", 1, "--images is given twice.")]
    [InlineData("#!quant-shift --images a", 1, "MODEL is missing: *")]
    [InlineData("#!quant-shift net --images a --count 0", 1, "--count must be a whole number of at least 1, not '0'.")]
    [InlineData("#!quant-shift \"net --images a", 1, "the quote before 'net --images a' does not end.")]
    [InlineData("#!quant-load net --as 5", 1, "--as must be the name of a C# variable, not '5'.")]
    [InlineData("#!quant-load net --as class", 1, "--as must be the name of a C# variable, not 'class'.")]
    [InlineData("#!quant-load net --as", 1, "--as wants the name of a variable.")]
    [InlineData("#!help shfit", 1, "unknown magic '#!shfit'*")]
    public void WhatMakesNoSenseIsSaid(string cell, int line, string message)
    {
        var error = Assert.Throws<MagicUsageException>(() => CellParts.Of(cell));
        Assert.Equal(line, error.Line);
        if (message.EndsWith('*')) Assert.StartsWith(message[..^1], error.Message, StringComparison.Ordinal);
        else Assert.Equal(message, error.Message);
    }

    [Theory]
    [InlineData("a  b\tc", "a", "b", "c")]
    [InlineData("\"a b\" c", "a b", "c")]
    [InlineData("x\"a b\"y", "xa by")]
    [InlineData("\"say \"\"hi\"\"\"", "say \"hi\"")]
    [InlineData("\"\" z", "", "z")]
    [InlineData("  ")]
    public void WordsStandBetweenSpacesOrQuotes(string line, params string[] words) => Assert.Equal(words, CommandWords.Split(line));
}
