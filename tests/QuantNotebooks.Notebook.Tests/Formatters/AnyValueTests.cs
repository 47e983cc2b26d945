using System.Text.Json;
using Microsoft.DotNet.Interactive.Formatting;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Notebook.Tests.Formatters;

public class AnyValueTests
{
    public AnyValueTests() => NotebookFormatters.Register();

    [Fact]
    public void Tensors_of_all_kinds_tell_type_shape_extent_and_first_values()
    {
        float[] values = [-1, 2, 0.5f, 4, 5, 6.5f];
        using var ort = OrtValue.CreateTensorValueFromMemory(values, [2, 3]);
        object[] tensors = [ort, new DenseTensor<float>(values, new[] { 2, 3 }), System.Numerics.Tensors.Tensor.Create(values, [2, 3])];
        foreach (var tensor in tensors)
        {
            var bundle = MimeBundle.Of(tensor);
            // Mean of -1, 2, 0.5, 4, 5, 6.5.
            Assert.StartsWith("float [2, 3]\n6 values from -1 to 6.5, mean 2.833\n", bundle[MimeBundle.PlainText], StringComparison.Ordinal);
            Assert.Contains("float [2, 3]", bundle[MimeBundle.Html], StringComparison.Ordinal);
            Assert.Equal(2, bundle[MimeBundle.Html]!.Split("<tbody>")[1].Split("</tbody>")[0].Split("<tr>").Length - 1);
            using var json = JsonDocument.Parse(tensor.ToDisplayString(MimeBundle.Json));
            Assert.Equal([2, 3], json.RootElement.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()));
            Assert.Equal(6.5, json.RootElement.GetProperty("maximum").GetDouble());
        }
    }

    [Fact]
    public void Planes_of_a_tensor_are_pictures_of_its_values()
    {
        var values = Enumerable.Range(0, 2 * 3 * 32 * 32).Select(value => (float)value).ToArray();
        var html = MimeBundle.Of(new DenseTensor<float>(values, new[] { 2, 3, 32, 32 }))[MimeBundle.Html]!;
        Assert.Equal(6, html.Split("<img").Length - 1);
        Assert.Contains("1 NaN", MimeBundle.Of(new DenseTensor<float>(new[] { 1, float.NaN, 3 }, new[] { 3 }))[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Contains("int64 [0]", MimeBundle.Of(new DenseTensor<long>(Array.Empty<long>(), new[] { 0 }))[MimeBundle.PlainText], StringComparison.Ordinal);
    }

    [Fact]
    public void Records_and_lists_of_records_are_tables()
    {
        var one = new Measured("<script>alert(1)</script>", 1.23456789, [1, 2, 3]);
        var bundle = MimeBundle.Of(one);
        Assert.DoesNotContain("<script>alert", bundle[MimeBundle.Html], StringComparison.Ordinal);
        Assert.Contains("data-quant-table", bundle[MimeBundle.Html], StringComparison.Ordinal);
        Assert.Contains("1, 2, 3", bundle[MimeBundle.PlainText], StringComparison.Ordinal);
        using var json = JsonDocument.Parse(one.ToDisplayString(MimeBundle.Json));
        Assert.Equal(1.23456789, json.RootElement.GetProperty("error").GetDouble());

        foreach (IEnumerable<object> list in new IEnumerable<object>[] { new[] { one, one with { Error = 20 } }, new[] { new { Layer = "a", Bits = 4 }, new { Layer = "b", Bits = 8 } } })
        {
            var html = MimeBundle.Of(list)[MimeBundle.Html]!;
            Assert.Equal(2, html.Split("<tbody>")[1].Split("</tbody>")[0].Split("<tr>").Length - 1);
            Assert.Equal(4, MimeBundle.Of(list)[MimeBundle.PlainText]!.Split('\n').Length);
        }
        Assert.Contains("<table", MimeBundle.Of(new[] { (Layer: "a", Bits: 4) })[MimeBundle.Html], StringComparison.Ordinal);
    }

    [Fact]
    public void Properties_are_headings_in_words_and_keep_their_names_in_copies_and_json()
    {
        var row = new { RootQnsrBefore = 0.5, SqnrDecibels = 6.0, WeightsLeftAt8Bits = 7, TopOne = 0.9, KiB = 5, ReLU6 = true, W4A8 = 1, bits = 4, AMeanError = 0.25 };
        var html = MimeBundle.Of(new[] { row })[MimeBundle.Html]!;
        foreach (var (name, heading) in new[]
        {
            ("RootQnsrBefore", "rQNSR before"), ("SqnrDecibels", "SQNR dB"), ("WeightsLeftAt8Bits", "weights left at 8 bits"), ("TopOne", "top\u20111"), ("AMeanError", "a mean error"),
        })
            Assert.Matches($"data-name=\"{name}\"[^>]*>{heading}</th>", html);
        foreach (var same in new[] { "KiB", "ReLU6", "W4A8", "bits" }) Assert.Matches($"<th(?![^>]*data-name)[^>]*>(<div[^>]*>)?{same}</", html);
        Assert.Contains("rQNSR before", MimeBundle.Of(row)[MimeBundle.PlainText], StringComparison.Ordinal);
        using var json = JsonDocument.Parse(new[] { row }.ToDisplayString(MimeBundle.Json));
        Assert.Equal(0.5, json.RootElement[0].GetProperty("rootQnsrBefore").GetDouble());
    }

    [Fact]
    public void Long_lists_of_records_count_what_they_leave_out()
    {
        var html = MimeBundle.Of(Enumerable.Range(0, 1200).Select(index => new Measured("a", index, [])).ToList())[MimeBundle.Html]!;
        Assert.Contains("200 more rows", html, StringComparison.Ordinal);
        Assert.Contains("more rows follow", MimeBundle.Of(Endless())[MimeBundle.Html], StringComparison.Ordinal);

        static IEnumerable<Measured> Endless()
        {
            while (true) yield return new Measured("a", 1, []);
        }
    }

    [Fact]
    public void Values_that_are_no_records_keep_their_usual_look()
    {
        Assert.Equal("42", MimeBundle.Of(42)[MimeBundle.PlainText]);
        Assert.Equal("text", MimeBundle.Of("text")[MimeBundle.PlainText]);
        Assert.Contains("1, 2, 3", MimeBundle.Of(new List<int> { 1, 2, 3 })[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Null(MimeBundle.Of(new Dictionary<string, int> { ["a"] = 1 })[MimeBundle.Json]);
    }

    [Fact]
    public void Types_and_code_are_their_text()
    {
        System.Linq.Expressions.Expression<Func<int, int>> next = number => number + 1;
        foreach (var value in (object[])[typeof(int), typeof(Math).GetMethod(nameof(Math.Cbrt))!, typeof(int).Assembly, typeof(int).Module, new Action(() => { }), next, new Version(1, 2), new Uri("http://localhost/x")])
        {
            var part = Assert.Single(MimeBundle.Of(value).Parts);
            Assert.Equal((MimeBundle.PlainText, value.ToString()), (part.MimeType, part.Content));
        }
    }

    [Fact]
    public void Objects_that_lead_to_thousands_of_others_are_shown_to_some_depth()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        foreach (var value in (object[])[process, Thread.CurrentThread, new DirectoryInfo(Path.GetTempPath()), new Holder(typeof(int))])
            Assert.InRange(MimeBundle.Of(value)[MimeBundle.PlainText]!.Length, 20, 200_000);
    }

    [Fact]
    public void Images_are_pictures_alone_and_in_lists()
    {
        Assert.Single(MimeBundle.Of(Synthetic.Images[0])[MimeBundle.Html]!.Split("<img").Skip(1));
        Assert.Equal(3, MimeBundle.Of(Enumerable.Range(0, 3).Select(index => Synthetic.Images[index]).ToList())[MimeBundle.Html]!.Split("<img").Length - 1);
    }

    public sealed class Holder(Type type)
    {
        public Type Type => type;
    }

    public sealed record Measured(string Layer, double Error, int[] Channels);
}
