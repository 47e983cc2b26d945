using System.Globalization;
using System.Text.RegularExpressions;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>
/// The README's numbers beside those of its opening: each is counted or measured in a file that a command of the repository writes. (The 12 tests of
/// <c>jupyter_kernel_test</c> are counted by the test that runs them.)
/// </summary>
public sealed partial class ReadmeNumberTests
{
    private static readonly string Readme = File.ReadAllText(Repository.PathOf("README.md"));

    [Fact]
    public void Equalization_is_measured_on_five_networks()
    {
        Assert.Contains("What each method is worth on five networks", Readme, StringComparison.Ordinal);
        Assert.Equal(5, Results("Yardstick", "equalization.md").Split("\n## ").Length - 1);
    }

    [Fact]
    public void A_program_of_ones_own_begins_with_some_thirty_lines()
    {
        Assert.Contains("(notebooks/analysis.cs) of some thirty lines", Readme, StringComparison.Ordinal);
        Assert.InRange(File.ReadAllLines(Repository.PathOf("notebooks", "analysis.cs")).Length, 26, 34);
    }

    [Fact]
    public void The_sensitivity_of_all_layers_costs_at_most_two_measurements_of_the_shift()
    {
        Assert.Contains("keeps the cost of all layers within twice a shift measurement", Readme, StringComparison.Ordinal);
        var table = Results("Benchmarks", "speed.md").Split("## Jobs beside bare ONNX Runtime")[1].Split("\n## ")[0].Split("The same on the clock")[0].Split('\n');
        var header = Cells(table.First(line => line.StartsWith("| network", StringComparison.Ordinal)));
        var (shift, sensitivity) = (Array.FindIndex(header, cell => cell.StartsWith("shift", StringComparison.Ordinal)), Array.FindIndex(header, cell => cell.StartsWith("sensitivity", StringComparison.Ordinal)));
        var rows = table.Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(Cells).ToArray();
        Assert.True(rows.Length > 4);
        Assert.All(rows, row => Assert.InRange(Number(row[sensitivity]), 0, 2 * Number(row[shift])));
    }

    [Fact]
    public void The_lessons_take_what_the_teachers_note_says()
    {
        var minutes = LessonMinutes().Matches(File.ReadAllText(Repository.PathOf("notebooks", "course", "README.md")))
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(6, minutes.Length);
        Assert.Contains($"| {minutes.Min()} to {minutes.Max()} each |", Readme, StringComparison.Ordinal);
    }

    private static string Results(string project, string file) => File.ReadAllText(Repository.PathOf("tests", $"QuantNotebooks.{project}", "results", file));

    private static string[] Cells(string line) => [.. line.Trim('|', ' ').Split('|').Select(cell => cell.Trim())];

    private static double Number(string cell) => double.Parse(cell.Split(' ')[0], CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| \[\d\. [^|]+\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex LessonMinutes();
}
