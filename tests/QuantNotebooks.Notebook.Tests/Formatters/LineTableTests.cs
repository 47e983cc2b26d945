using CsCheck;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Tests.Formatters;

public class LineTableTests
{
    [Fact]
    public void Pieces_make_up_the_text_that_was_read_and_count_the_edit_distance() =>
        Gen.Select(Gen.String[Gen.Char["abc "], 0, 12], Gen.String[Gen.Char["abc "], 0, 12]).Sample((right, read) =>
        {
            var pieces = TextDifference.Of(right, read);
            Assert.Equal(read, string.Concat(pieces.Where(piece => piece.Change != TextChange.Missing).Select(piece => piece.Text)));
            // Every wrong or missing character is one edit, and no alignment has fewer.
            Assert.Equal(EditDistance.Between(right, read), pieces.Where(piece => piece.Change != TextChange.Same).Sum(piece => piece.Text.Length));
            Assert.All(pieces.Zip(pieces.Skip(1)), pair => Assert.NotEqual(pair.First.Change, pair.Second.Change));
        }, iter: 500);

    [Theory]
    [InlineData("Quant", "Quant", "Same:Quant")]
    [InlineData("Quant", "Quint", "Same:Qu Wrong:i Same:nt")]
    [InlineData("Quant", "Qunt", "Same:Qu Missing:a Same:nt")]
    [InlineData("Quant", "Quaint", "Same:Qua Wrong:i Same:nt")]
    [InlineData("ab", "", "Missing:ab")]
    [InlineData("", "ab", "Wrong:ab")]
    public void Differences_are_where_a_reader_would_mark_them(string right, string read, string expected) =>
        Assert.Equal(expected, string.Join(' ', TextDifference.Of(right, read).Select(piece => $"{piece.Change}:{piece.Text}")));

    [Fact]
    public void Comparisons_show_the_lines_that_some_network_reads_wrong_worst_first_and_escaped()
    {
        var naive = Synthetic.Evaluation(0.3) with { Metric = AccuracyMetric.Lines, Readings = [new(0, "right", "right", "right"), new(1, "<b>one", "<b>one", "<b>on"), new(2, "two", "two", "<i>")] };
        var better = naive with { Readings = [naive.Readings[0], naive.Readings[1] with { Quantized = "<b>one" }, naive.Readings[2] with { Quantized = "two" }] };
        var html = MimeBundle.Of(Evaluate.Compare(("naive", naive), ("better", better)))[MimeBundle.Html]!;
        Assert.Contains("2 of 3 lines", html, StringComparison.Ordinal);
        Assert.Equal(2, html.Split("alt=\"image ").Length - 1);
        Assert.True(html.IndexOf("image 2", StringComparison.Ordinal) < html.IndexOf("image 1", StringComparison.Ordinal));
        Assert.Contains("&lt;i&gt;</ins>", html, StringComparison.Ordinal);
        Assert.Contains(">e</del>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", html, StringComparison.Ordinal);
        Assert.Matches("role=\"presentation\"><tbody><tr><td>.*</td></tr></tbody></table></div></td><td>", html);
        Assert.Equal("", LineTable.Html(Evaluate.Compare(("a", Synthetic.Evaluation(0.5)))));
    }
}
