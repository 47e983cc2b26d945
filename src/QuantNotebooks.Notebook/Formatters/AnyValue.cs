using System.Collections;
using System.Net;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>How values look for whose type nobody registered a formatter: tensors, pictures, records, and sequences of records.</summary>
internal static class AnyValue
{
    private const int Folded = 100;

    /// <summary>HTML, or null where the value is none of these.</summary>
    public static string? Html(object value) => value switch
    {
        _ when TensorSummary.Of(value) is { } tensor => TensorPage.Html(tensor),
        IEnumerable<Image> images => ImageStrip.Of(images),
        IEnumerable<Layer> layers => layers.ToFrame().ToHtml(Folded),
        IEnumerable rows => RecordTable.Of(rows) is { } table ? HtmlTable.Render(table, Folded) : null,
        _ when IsRecord(value) => $"<div class=\"quant-result\"><strong>{WebUtility.HtmlEncode(Name(value))}</strong>{HtmlTable.Render(RecordTable.Of(value), Folded)}</div>",
        _ => null,
    };

    /// <summary>Plain text, or null where the value is none of these.</summary>
    public static string? Text(object value) => value switch
    {
        _ when TensorSummary.Of(value) is { } tensor => TensorPage.Text(tensor),
        IEnumerable<Layer> layers => layers.ToFrame().ToPlainText(),
        IEnumerable rows => RecordTable.Of(rows) is { } table ? PlainTable.Render(table).TrimEnd('\n') : null,
        _ when IsRecord(value) => $"{Name(value)}\n{PlainTable.Render(RecordTable.Of(value)).TrimEnd('\n')}",
        _ => null,
    };

    /// <summary>JSON, or null where the value is none of these.</summary>
    public static string? Json(object value) => value switch
    {
        _ when TensorSummary.Of(value) is { } tensor => PlainJson.Of(TensorPage.Json(tensor)),
        IEnumerable rows => RecordTable.Of(rows) is not null ? PlainJson.Of(rows) : null,
        _ when IsRecord(value) => PlainJson.Of(value),
        _ => null,
    };

    private static bool IsRecord(object value) => RecordTable.IsRecord(value.GetType()) && RecordTable.PropertiesOf(value.GetType()).Any();

    private static string Name(object value)
    {
        var name = value.GetType().Name;
        return name.StartsWith('<') ? "anonymous" : name.Split('`')[0];
    }
}
