using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive.Formatting;
using QuantNotebooks.Notebook.Formatters;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>One representation of a value: what a notebook host stores under one MIME type.</summary>
/// <param name="MimeType">The type, for example <c>text/html</c>.</param>
/// <param name="Content">Text; base64 for raster images; JSON text for <c>application/json</c> and <c>…+json</c>.</param>
public sealed record MimePart(string MimeType, string Content)
{
    /// <summary>Whether <see cref="Content"/> is JSON, which notebook files store as a tree instead of as a string.</summary>
    public bool IsJson => MimeBundle.IsJson(MimeType);
}

/// <summary>
/// The representations of one displayed value, best first, at most one for each MIME type. The host picks the richest that it can show.
/// Immutable, so it may be shared between threads.
/// </summary>
public sealed record MimeBundle
{
    /// <summary>HTML, the representation of charts and tables.</summary>
    public const string Html = "text/html";

    /// <summary>Markdown, rendered by the host.</summary>
    public const string MarkdownText = "text/markdown";

    /// <summary>JavaScript, which the page runs.</summary>
    public const string JavaScript = "application/javascript";

    /// <summary>Plain text, which every host can show.</summary>
    public const string PlainText = "text/plain";

    /// <summary>The value as data, for who asks for it.</summary>
    public const string Json = "application/json";

    /// <summary>A Plotly figure as JSON, for hosts with a renderer of their own.</summary>
    public const string Plotly = "application/vnd.plotly.v1+json";

    /// <summary>Creates a bundle.</summary>
    /// <exception cref="ArgumentException">No part is given, or two have the same MIME type.</exception>
    public MimeBundle(params IReadOnlyList<MimePart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0) throw new ArgumentException("A bundle needs at least one representation.", nameof(parts));
        if (parts.DistinctBy(part => part.MimeType).Count() != parts.Count)
            throw new ArgumentException("A bundle holds each MIME type once.", nameof(parts));
        Parts = [.. parts];
    }

    /// <summary>The representations, best first.</summary>
    public IReadOnlyList<MimePart> Parts { get; }

    /// <summary>The content under a MIME type, or null where the bundle has none.</summary>
    public string? this[string mimeType] => Parts.FirstOrDefault(part => part.MimeType == mimeType)?.Content;

    /// <summary>Whether content of this MIME type is JSON.</summary>
    public static bool IsJson(string mimeType)
    {
        ArgumentNullException.ThrowIfNull(mimeType);
        return mimeType == Json || mimeType.EndsWith("+json", StringComparison.Ordinal);
    }

    /// <summary>The <c>data</c> object of Jupyter's display messages: MIME type to string, or to a tree for JSON types.</summary>
    /// <exception cref="System.Text.Json.JsonException">A formatter wrote malformed JSON.</exception>
    public JsonObject ToJson()
    {
        var data = new JsonObject();
        foreach (var part in Parts) data[part.MimeType] = part.IsJson ? JsonNode.Parse(part.Content) : JsonValue.Create(part.Content);
        return data;
    }

    /// <summary>
    /// Formats a value with the formatters registered for its type: its preferred MIME types, JSON types of renderers (Plotly's) for which somebody
    /// registered a formatter, and always plain text. A bundle is returned as it is.
    /// </summary>
    /// <remarks>
    /// A value as <see cref="Json"/>, which can be large, is there for <c>ToDisplayString("application/json")</c> and for types that prefer it; a notebook does not
    /// keep it of every output. Exceptions of formatters and of lazy sequences are the caller's to handle.
    /// </remarks>
    public static MimeBundle Of(object? value)
    {
        if (value is MimeBundle bundle) return bundle;
        if (value is null) return new MimeBundle(new MimePart(PlainText, "null"));
        NotebookFormatters.Register();
        var type = value.GetType();
        var json = Formatter.RegisteredFormatters(includeDefaults: false)
            .Where(formatter => formatter.MimeType != Json && IsJson(formatter.MimeType) && formatter.Type.IsAssignableFrom(type))
            .Select(formatter => formatter.MimeType);
        string[] mimeTypes = [.. Formatter.GetPreferredMimeTypesFor(type).Concat(json).Append(PlainText).Distinct()];
        return new MimeBundle([.. mimeTypes.Select(mimeType => new MimePart(mimeType, value.ToDisplayString(mimeType)))]);
    }
}
