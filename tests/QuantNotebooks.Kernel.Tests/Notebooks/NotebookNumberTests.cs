using System.Globalization;
using System.Text.RegularExpressions;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>
/// The text of a notebook types no number in: each is one that its code uses or checks. A number with the unit of a result (%, points, dB, sigmas, "times as")
/// must stand in a cell that checks. Names (ResNet-14, int32), shapes, formulas and figures that the text says are others' are no such numbers.
/// </summary>
public sealed partial class NotebookNumberTests
{
    private const string Quoted = "not measured by us";

    public static TheoryData<string> Notebooks => new(RepositoryNotebook.All);

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Every_number_of_the_text_is_used_or_checked_by_a_cell(string notebook)
    {
        string[] code = [.. RepositoryNotebook.Cells(notebook, "code")];
        var (used, asserted) = (NumbersOf(code), NumbersOf(code.Where(cell => Checks().IsMatch(cell))));
        Assert.Empty(RepositoryNotebook.Cells(notebook, "markdown").SelectMany(OwnParagraphs).SelectMany(paragraph => NumbersOfText(paragraph)
            .Where(number => !(number.IsResult ? asserted : used).Overlaps(number.Values))
            .Select(number => $"{number.Text} in \"{paragraph}\"")));
    }

    [Fact]
    public void The_opening_of_the_readme_has_its_numbers_from_notebook_01()
    {
        var opening = File.ReadAllText(Repository.PathOf("README.md")).Split("\n## ")[0];
        var shown = File.ReadAllText(Repository.PathOf("notebooks", "01-mean-activation-shift.ipynb"));
        string[] percents = [.. NumbersOfText(opening).Where(number => number.IsResult).Select(number => number.Text)];
        Assert.NotEmpty(percents);
        // "86 %" stands there as "86.41 %".
        Assert.All(percents, percent => Assert.Matches($@"(?<![\d.]){Regex.Escape(percent.TrimEnd('%', ' '))}(\.?\d*) % top-1", shown));
    }

    [Theory]
    [InlineData("It loses 3.2 points.", "3.2 points")]
    [InlineData("With 64 images 10,000 answers at 95 % intervals of ResNet-14, $x = 7$, `9`, a 3x3 kernel.", "64 10,000")]
    [InlineData("From [12](12.md) it grows by 5 % to 6 dB, in int32, see notebook 04 and [05](05.ipynb).", "12 5 % 6 dB")]
    public void Names_formulas_and_links_are_no_numbers(string text, string numbers) => Assert.Equal(numbers, string.Join(' ', NumbersOfText(text).Select(number => number.Text)));

    [Fact]
    public void What_is_said_to_be_quoted_is_not_ours() =>
        Assert.Equal(["Ours: 5 %"], OwnParagraphs($"As reported, {Quoted}:\n\n| a | 1.03 |\n\nOurs: 5 %"));

    // A quotation is a paragraph that says so, with the table that it announces.
    private static IEnumerable<string> OwnParagraphs(string cell)
    {
        string[] paragraphs = cell.Split("\n\n");
        return paragraphs.Where((paragraph, index) => !paragraph.Contains(Quoted, StringComparison.Ordinal)
            && !(paragraph.StartsWith('|') && index > 0 && paragraphs[index - 1].Contains(Quoted, StringComparison.Ordinal)));
    }

    private static IEnumerable<(string Text, double[] Values, bool IsResult)> NumbersOfText(string text) => Number().Matches(NoNumbers().Replace(text, " ")).Select(match =>
    {
        var value = double.Parse(match.Groups["value"].Value, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        var unit = match.Groups["unit"].Value;
        return (match.Value.Trim(), unit == "%" ? [value, value / 100] : new[] { value }, unit.Length > 0);
    });

    private static HashSet<double> NumbersOf(IEnumerable<string> code) =>
    [
        .. code.SelectMany(cell => NumberInCode().Matches(cell)).Select(match =>
            double.Parse(match.Value.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture)),
    ];

    // Code, formulas, targets of links, names of networks, types and licences, shapes, references to other notebooks and lessons, times, the level of intervals.
    [GeneratedRegex("""
        ```.*?``` | \$\$.*?\$\$ | \$[^$]+\$ | `[^`]*` | (?<=\])\([^)]*\) | arXiv\s\d+\.\d+
        | MobileNet\sv\d | ResNet-\d+ | PP-OCRv\d | ReLU\d | \b(u?int|float)\d+ | Apache-2\.0 | \b\d+x\d+\b
        | notebooks?\s\d\d(\sand\s\d\d)* | \[0\d\] | Part\s\d\sof\s\d | lesson\sof\s\d+\sminutes | Exercise\s\d\w | (?<=\#\s|\[)\d\.\s | \(\d\) | 95\s%\s(intervals|confidence)
        """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex NoNumbers();

    [GeneratedRegex(@"(?<value>\d{1,3}(,\d{3})+|\d+(\.\d+)?)(\s(?<unit>%|points|dB|decibels|sigmas?|times\sas))?")]
    private static partial Regex Number();

    [GeneratedRegex(@"(?<![\w.])(\d{1,3}(,\d{3})+|\d[\d_]*(\.\d+)?(e-?\d+)?)", RegexOptions.IgnoreCase)]
    private static partial Regex NumberInCode();

    [GeneratedRegex(@"\b(Check|Require)\(")]
    private static partial Regex Checks();
}
