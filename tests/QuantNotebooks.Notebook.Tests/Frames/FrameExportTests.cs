using System.Globalization;
using System.Text.Json;
using CsCheck;
using Deedle;
using Markdig;
using Markdig.Syntax.Inlines;
using QuantNotebooks.Notebook.Frames;
using MarkdigTables = Markdig.Extensions.Tables;

namespace QuantNotebooks.Notebook.Tests.Frames;

public class FrameExportTests
{
    private const string Awkward = "a,\"b\"|<script>alert(1)</script> *x* _y_ [z](w) `c` \\ ~~d~~ features_1_0 &amp;";

    [Fact]
    public void Numbers_read_back_from_csv_and_json_as_the_same_numbers() =>
        Gen.Select(Gen.Double.Array[1, 20], Gen.Single.Array[1, 20]).Sample((doubles, singles) =>
        {
            var count = Math.Min(doubles.Length, singles.Length);
            var columns = new FrameBuilder.Columns<int, string>();
            columns.Add("d", new Series<int, double>(Enumerable.Range(0, count), doubles.Take(count)));
            columns.Add("f", new Series<int, float>(Enumerable.Range(0, count), singles.Take(count)));
            var lines = columns.Frame.ToCsv().Split('\n');
            using var json = JsonDocument.Parse(columns.Frame.ToJson());
            for (var row = 0; row < count; row++)
            {
                var fields = lines[row + 1].Split(',');
                var (real, single) = (json.RootElement[row].GetProperty("d"), json.RootElement[row].GetProperty("f"));
                Assert.Equal(doubles[row], fields[0].Length == 0 ? double.NaN : double.Parse(fields[0], CultureInfo.InvariantCulture));
                Assert.Equal(singles[row], fields[1].Length == 0 ? float.NaN : float.Parse(fields[1], CultureInfo.InvariantCulture));
                if (double.IsFinite(doubles[row])) Assert.Equal(doubles[row], real.GetDouble());
                else Assert.Equal(JsonValueKind.Null, real.ValueKind);
                if (float.IsFinite(singles[row])) Assert.Equal(singles[row], single.GetSingle());
                else Assert.Equal(JsonValueKind.Null, single.ValueKind);
            }
        }, iter: 300);

    [Fact]
    public void Csv_of_a_result_reads_back_with_another_reader()
    {
        var frame = Synthetic.Report().ToFrame();
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(frame.ToCsv()));
        var read = Frame.ReadCsv(stream, hasHeaders: true, inferTypes: false);
        Assert.Equal(frame.ColumnKeys, read.ColumnKeys);
        Assert.Equal(frame.RowCount, read.RowCount);
        foreach (var name in new[] { "rQNSR", "largest shift σ", "cosine after" })
            Assert.Equal(frame[name].Values, read.GetColumn<string>(name).Values.Select(text => double.Parse(text, CultureInfo.InvariantCulture)));
        Assert.Equal(frame.GetColumn<string>("layer").Values, read.GetColumn<string>("layer").Values);
    }

    [Fact]
    public void Exports_do_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            var frame = Named(("half", -0.5));
            Assert.Equal(",value\nhalf,-0.5\n", frame.ToCsv());
            Assert.Contains("\"value\": -0.5", frame.ToJson(), StringComparison.Ordinal);
            Assert.Contains("| half | -0.5 |", frame.ToMarkdown(), StringComparison.Ordinal);
            Assert.Contains("-0.5", frame.ToPlainText(), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Awkward_names_survive_csv_json_and_markdown()
    {
        var frame = Named((Awkward, 1), ("two\nlines", 2));
        using var reader = new CsvHelper.CsvReader(new StringReader(frame.ToCsv()), CultureInfo.InvariantCulture);
        reader.Read();
        reader.Read();
        Assert.Equal(Awkward, reader.GetField(0));
        reader.Read();
        Assert.Equal("two\nlines", reader.GetField(0));
        using var json = JsonDocument.Parse(frame.ToJson());
        Assert.Equal(Awkward, json.RootElement[0].GetProperty("").GetString());
        Assert.Equal([["", "value"], [Awkward, "1"], ["two lines", "2"]], MarkdownCells(frame.ToMarkdown()));
    }

    [Fact]
    public void Names_of_layers_are_a_list_in_json_and_all_of_them_in_csv()
    {
        var columns = new FrameBuilder.Columns<int, string>();
        columns.Add("made by", new Series<int, NameList>([0], [new NameList(["a", "b", "c"])]));
        Assert.Equal("made by\n\"a, b, c\"\n", columns.Frame.ToCsv());
        using var json = JsonDocument.Parse(columns.Frame.ToJson());
        Assert.Equal(["a", "b", "c"], json.RootElement[0].GetProperty("made by").EnumerateArray().Select(name => name.GetString()!));
    }

    [Fact]
    public void Markdown_holds_what_a_page_shows()
    {
        var frame = Synthetic.Report().ToFrame();
        var cells = MarkdownCells(frame.ToMarkdown());
        Assert.Equal(frame.ColumnKeys, cells[0]);
        Assert.Equal(1 + frame.RowCount, cells.Count);
        Assert.Equal(frame["share %"][3], double.Parse(cells[4][cells[0].IndexOf("share %")], CultureInfo.InvariantCulture), 0.05001);
    }

    private static Frame<string, string> Named(params (string Key, double Value)[] rows)
    {
        var columns = new FrameBuilder.Columns<string, string>();
        columns.Add("value", new Series<string, double>(rows.Select(row => row.Key), rows.Select(row => row.Value)));
        return columns.Frame;
    }

    // The texts of the cells as Markdig, which GitHub's rules hold for, reads them.
    private static List<List<string>> MarkdownCells(string markdown)
    {
        var document = Markdown.Parse(markdown, new MarkdownPipelineBuilder().UsePipeTables().UseEmphasisExtras().Build());
        var table = Assert.IsType<MarkdigTables.Table>(Assert.Single(document));
        return [.. table.Cast<MarkdigTables.TableRow>().Select(row => row.Cast<MarkdigTables.TableCell>().Select(TextOf).ToList())];
    }

    private static string TextOf(MarkdigTables.TableCell cell) => string.Concat(cell.OfType<Markdig.Syntax.ParagraphBlock>().SelectMany(paragraph => paragraph.Inline!).Select(inline => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        HtmlEntityInline entity => entity.Transcoded.ToString(),
        _ => $"({inline.GetType().Name})",
    }));
}
