using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Kernel.Packages;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Fuzzing;

/// <summary>Damaged cells with magics are taken apart, or refused in a line; so are words of commands.</summary>
public sealed class MagicFuzzTests
{
    private static readonly string[] Cells =
    [
        "var a = 1;\n#!quant-shift net --images \"a folder\" --count 8 --weight-bits 4 --range percentile:99.9 --as shift\nshift.Layers",
        "#!who\n#!html\n<b>text</b>\n#!csharp\nvar s = \"#!who\"; /* #!whos\n */",
        "#r \"nuget: Package, 1.0\"\n#i \"nuget: https://example.org\"\n#!time\nvar x = @\"\n#!who\n\";",
        "#!quant-compare a b c --images x --schemes 4/8:per-channel:mse,float --json - --html p.html --skip-broken",
    ];

    [Fact]
    public void DamagedCells()
    {
        var result = QuantNotebooks.Tests.Fuzzing.Run(1_500, 31, random => Mutation.Text(Cells[random.Next(Cells.Length)], random), cell =>
        {
            Assert.NotNull(PackageDirectives.Of(cell).Code);
            // A cell is asked about while it is being written, at every place.
            Assert.NotNull(CellParts.PlaceOf(cell, cell.Length / 2).Code);
            Assert.All(CellParts.Of(cell), part => Assert.InRange(part.Line, 1, cell.Split('\n').Length));
        }, mostBytes: 64 << 20, refusal => refusal is MagicUsageException);
        Assert.True(result is { Accepted: > 0, Refused: > 0 }, $"{result}");
    }

    [Fact]
    public void DamagedWordsOfEveryCommand()
    {
        var examples = CommandSet.All.Select(command => (Command: command, command.Example)).ToArray();
        var result = QuantNotebooks.Tests.Fuzzing.Run(3_000, 32, random =>
        {
            var (command, example) = examples[random.Next(examples.Length)];
            return (Command: command, Words: Mutation.Text(example, random));
        }, input => Assert.NotEmpty(CommandWords.Bind(input.Command, CommandWords.Split(input.Words)).Subjects), mostBytes: 1 << 20, refusal => refusal is CommandUsageException);
        Assert.True(result is { Accepted: > 0, Refused: > 0 }, $"{result}");
    }
}
