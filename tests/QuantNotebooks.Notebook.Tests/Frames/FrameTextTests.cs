using System.Net;
using Deedle;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Tests.Frames;

public class FrameTextTests
{
    private static Frame<int, string> Of<T>(string name, params T[] values)
    {
        var columns = new FrameBuilder.Columns<int, string>();
        columns.Add(name, new Series<int, T>(Enumerable.Range(0, values.Length), values));
        return columns.Frame;
    }

    [Fact]
    public void Every_line_of_the_text_is_equally_wide()
    {
        foreach (var frame in new[] { Synthetic.Report().ToFrame(), Synthetic.MobileNet.ToFrame(), Of("wide 文字", "日本語", "e\u0301", "line\nbreak", "\u001b[31mred", "😀") })
            Assert.Single(LinesOf(frame).Select(DisplayWidth.Of).Distinct());
    }

    [Fact]
    public void Numbers_stand_at_the_right_and_share_decimals()
    {
        var lines = Of("value", 43.25, 6.7, double.NaN, 0.5).ToPlainText().Split('\n');
        Assert.Equal(["#  value", "─  ─────", "0  43.25", "1   6.70", "2       ", "3   0.50"], lines);
    }

    [Fact]
    public void Points_stand_below_one_another_where_numbers_have_different_decimals()
    {
        double[] values = [1234, 0.5, -0.001234, 17.25, 1.5e-5];
        var frame = Of("value", values);
        var lines = frame.ToPlainText().Split('\n')[2..];
        Assert.Single(lines[1..4].Select(line => line.IndexOf('.', StringComparison.Ordinal)).Distinct());
        Assert.Equal("0  1234       ", lines[0]);
        Assert.EndsWith("1.5e-5", lines[4], StringComparison.Ordinal); // nothing to align
        var html = frame.ToHtml();
        Assert.Contains($"data-v=\"1234\">1234{WebUtility.HtmlEncode("\u2008" + new string('\u2007', 6))}<", html, StringComparison.Ordinal);
        Assert.Contains(">-0.001234<", html, StringComparison.Ordinal);
        Assert.Equal(values, frame.GetColumn<double>("value").Values);
    }

    [Theory]
    [InlineData(54.15, 1, "54.2")] // the double is 54.1499…
    [InlineData(-54.15, 1, "-54.2")]
    [InlineData(2.5, 0, "3")]
    [InlineData(99.949, 1, "99.9")]
    [InlineData(1e20, 1, "100000000000000000000.0")]
    public void Halves_are_rounded_away_from_zero(double value, int decimals, string text) => Assert.Equal(text, NumberText.Fixed(value, decimals));

    [Theory]
    [InlineData(0.0123456, "0.01235")]
    [InlineData(-1234567.8, "-1235000")]
    [InlineData(1.5, "1.5")]
    [InlineData(0, "0")]
    [InlineData(2.88643e-5, "2.886e-5")]
    [InlineData(1.5e12, "1.5e12")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.NegativeInfinity, "-∞")]
    public void Numbers_have_four_significant_digits(double value, string text) => Assert.Equal(text, NumberText.Significant(value));

    [Fact]
    public void Percent_have_one_decimal() => Assert.Contains(" 12.3\n", Of("share %", 12.34, 100).ToPlainText() , StringComparison.Ordinal);

    [Fact]
    public void Without_scripts_a_table_has_its_main_columns_alone()
    {
        var html = Synthetic.Report().ToFrame().ToHtml();
        var still = html[..html.IndexOf("<script>", StringComparison.Ordinal)];
        Assert.Contains(">MSSR<", still, StringComparison.Ordinal);
        Assert.DoesNotContain("MSSR after", still, StringComparison.Ordinal);
        Assert.DoesNotContain("<input", still, StringComparison.Ordinal);
        Assert.Contains("MSSR after", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<td", html[html.IndexOf("<script>", StringComparison.Ordinal)..], StringComparison.Ordinal); // escaped: no text can end the script
    }

    [Fact]
    public void Long_frames_show_the_first_20_and_the_last_5_rows_and_count_the_rest()
    {
        var frame = Of("value", [.. Enumerable.Range(0, 228)]);
        var lines = frame.ToPlainText().Split('\n');
        Assert.Equal(2 + 20 + 1 + 5, lines.Length);
        Assert.Single(lines.Select(DisplayWidth.Of).Distinct());
        Assert.StartsWith("… 203 more rows", lines[22], StringComparison.Ordinal);
        Assert.StartsWith("223", lines[23], StringComparison.Ordinal);
    }

    [Fact]
    public void Long_frames_fold_their_middle_in_html_and_keep_it_for_sorting_and_copies()
    {
        var html = Of("value", [.. Enumerable.Range(0, 228)]).ToHtml();
        Assert.Contains(WebUtility.HtmlEncode("… 203 more rows"), html, StringComparison.Ordinal);
        Assert.Equal(203, html.Split("<tr hidden>").Length - 1);
        Assert.Equal(1 + 25, html.Split("<tr>").Length - 1);
        Assert.Contains("228 rows", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<table data-missing>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_too_large_for_a_notebook_are_not_in_its_output()
    {
        var html = Of("value", [.. Enumerable.Range(0, 100_000)]).ToHtml();
        Assert.InRange(html.Length, 1000, 20_000);
        Assert.Contains(WebUtility.HtmlEncode("… 99,975 more rows"), html, StringComparison.Ordinal);
        Assert.Contains("100,000 rows", html, StringComparison.Ordinal);
        Assert.Contains("<table data-missing>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_at_most_120_columns_wide_and_names_what_it_leaves_out()
    {
        var columns = new FrameBuilder.Columns<int, string>();
        columns.Add("name", new Series<int, string>([0], [new string('n', 100)]));
        for (var column = 0; column < 12; column++) columns.Add($"measured number {column}", new Series<int, double>([0], [1234.5 + column]));
        var lines = columns.Frame.ToPlainText().Split('\n');
        Assert.All(lines[..^1], line => Assert.InRange(DisplayWidth.Of(line), 100, 120));
        Assert.Equal("3 more columns: measured number 9, measured number 10, measured number 11", lines[^1]);
        Assert.Equal("measured", lines[0].Split("  ", StringSplitOptions.RemoveEmptyEntries)[0].Trim());
    }

    [Fact]
    public void Wide_frames_show_some_columns_and_count_the_rest()
    {
        var columns = new FrameBuilder.Columns<int, string>();
        for (var column = 0; column < 1000; column++) columns.Add($"c{column}", new Series<int, int>([0], [column]));
        var html = columns.Frame.ToHtml();
        Assert.InRange(html.Length, 1000, 20_000);
        Assert.Contains("975 columns not shown", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_escaped_in_headings_keys_and_cells()
    {
        var columns = new FrameBuilder.Columns<string, string>();
        columns.Add("<script>alert(1)</script>", new Series<string, string>(["<script>alert(2)</script>"], ["<script>alert(3)</script>\""]));
        columns.Add("long", new Series<string, string>(["<script>alert(2)</script>"], [new string('x', 100) + "\"><script>alert(4)</script>"]));
        Assert.DoesNotContain("<script>alert", columns.Frame.ToHtml(), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_were_rounded_to_a_few_decimals_share_them_however_far_they_span()
    {
        var lines = Of("value", 0.17, 61.77, -0.3, 45).ToPlainText().Split('\n');
        Assert.Equal(["0.17", "61.77", "-0.30", "45.00"], lines[2..].Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        Assert.Contains("0.0001235", Of("value", 0.00012346, 61.77).ToPlainText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_table_sorts_itself_alone_and_by_exact_numbers()
    {
        var frame = Of("value", 0.123456789, 2);
        var (one, other) = (frame.ToHtml(), frame.ToHtml());
        Assert.NotEqual(IdOf(one), IdOf(other));
        Assert.Contains($"(\"{IdOf(one)}\")</script>", one, StringComparison.Ordinal);
        Assert.Contains("data-v=\"0.123456789\"", one, StringComparison.Ordinal);
        Assert.DoesNotContain("http", one, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_frames_and_frames_with_other_keys_can_be_shown()
    {
        Assert.NotEmpty(Frame.CreateEmpty<int, string>().ToHtml());
        Assert.NotEmpty(Frame.CreateEmpty<int, string>().ToPlainText());
        var columns = new FrameBuilder.Columns<DateTime, int>();
        columns.Add(7, new Series<DateTime, bool>([new DateTime(2024, 2, 1)], [true]));
        Assert.Contains("2024-02-01T00:00:00", columns.Frame.ToPlainText(), StringComparison.Ordinal);
        Assert.Contains("true", columns.Frame.ToPlainText(), StringComparison.Ordinal);
    }

    // Without the last line, which names columns that are not shown.
    private static IEnumerable<string> LinesOf(IFrame frame) => frame.ToPlainText().Split('\n').Where(line => !line.Contains(" more column", StringComparison.Ordinal));

    private static string IdOf(string html) => html.Split("data-quant-table=\"")[1].Split('"')[0];
}
