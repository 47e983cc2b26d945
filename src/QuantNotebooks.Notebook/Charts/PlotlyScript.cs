using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using QuantNotebooks.Notebook.Charts.Pictures;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// plotly.js without a network. It weighs 3.6 MB, so a notebook carries it once: the host shows <see cref="Bootstrap"/> before the first
/// output that <see cref="IsNeededBy"/> it, and each chart is only a div and a small script that waits for it. Thread safe.
/// </summary>
public static partial class PlotlyScript
{
    // Marks by which exporters find charts and the script in saved notebooks, where nothing but the HTML is left.
    private const string ScriptMark = "<script data-quant-notebooks=\"plotly.js\">";
    private const string ChartMark = "class=\"quant-chart\"";

    private static readonly Lazy<string> Library = new(ReadLibrary);
    private static readonly Lazy<string> ChartTemplate = new(() => EmbeddedText.Read("Charts.chart.js"));

    private static readonly Lazy<MimeBundle> BootstrapBundle = new(() => new MimeBundle(
        new MimePart(MimeBundle.Html, ScriptElement),
        new MimePart(MimeBundle.PlainText, "plotly.js, for the charts of this notebook")));

    /// <summary>
    /// The script element that defines <c>window.Plotly</c>. Wrapped so that neither an AMD loader (Jupyter Notebook 6) nor CommonJS captures it.
    /// </summary>
    public static string ScriptElement => $"{ScriptMark}(function(define,module,exports){{\n{Library.Value}\n}}).call(window);</script>";

    /// <summary>The output that a host shows once in a notebook, before its first chart.</summary>
    public static MimeBundle Bootstrap => BootstrapBundle.Value;

    /// <summary>Whether showing this output needs plotly.js: it holds the HTML of <see cref="ChartHtml"/>.</summary>
    public static bool IsNeededBy(MimeBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return bundle[MimeBundle.Html] is { } html && HoldsChart(html);
    }

    /// <summary>Whether this HTML holds a chart.</summary>
    public static bool HoldsChart(string html)
    {
        ArgumentNullException.ThrowIfNull(html);
        return html.Contains(ChartMark, StringComparison.Ordinal);
    }

    /// <summary>Whether this HTML is that of <see cref="Bootstrap"/>.</summary>
    public static bool IsBootstrap(string html)
    {
        ArgumentNullException.ThrowIfNull(html);
        return html.StartsWith(ScriptMark, StringComparison.Ordinal);
    }

    /// <summary>
    /// A chart as HTML: a div and a script that draws the figure in it once plotly.js and the div are there. The chart is as wide as its
    /// surroundings, and takes light or dark colours from their background, now and when the colour scheme changes.
    /// </summary>
    /// <param name="figureJson">The figure, <c>{"data": […], "layout": {…}, "config": {…}}</c>; data is required.</param>
    /// <param name="elementId">The div's id, unique in the notebook: a letter, then letters, digits, '-' or '_'.</param>
    /// <param name="height">Height in CSS pixels; it overrides the figure's own, as the div's width does.</param>
    /// <param name="label">What the chart says, for readers who hear it and where no script runs; plain text.</param>
    public static string ChartHtml(string figureJson, string elementId, int height, string label = "Chart")
    {
        ArgumentNullException.ThrowIfNull(figureJson);
        ArgumentNullException.ThrowIfNull(elementId);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (!ElementId().IsMatch(elementId))
            throw new ArgumentException($"'{elementId}' cannot name an element: use a letter, then letters, digits, '-' or '_'.", nameof(elementId));
        var pixels = height.ToString(CultureInfo.InvariantCulture);
        var text = WebUtility.HtmlEncode(label);
        // Scripts take the picture away; where none run, it is the chart, and on a narrow page lower than the chart would be.
        var (picture, style) = StaticPicture.Svg(figureJson, height) is { } svg
            ? ($"<img alt=\"{text}\" style=\"width:100%;max-width:{StaticPicture.Width}px\" src=\"{StaticPicture.DataUri(svg)}\">", "width:100%")
            : (text, $"width:100%;min-height:{pixels}px");
        return $"""
            <div id="{elementId}" {ChartMark} role="figure" aria-label="{text}" style="{style}">{picture}</div>
            <script>({ChartTemplate.Value.TrimEnd().TrimEnd(';')})("{elementId}", {pixels}, {EscapeForScript(figureJson)});</script>
            """;
    }

    // In JSON these characters stand in strings only. "</script>" and "<!--" would end or change the script; the separators are line ends to old parsers.
    /// <summary>JSON as it may stand in a script element.</summary>
    internal static string EscapeForScript(string json) => new StringBuilder(json)
        .Replace("<", "\\u003c").Replace("\u2028", "\\u2028").Replace("\u2029", "\\u2029").ToString();

    private static string ReadLibrary()
    {
        var assembly = typeof(Plotly.NET.Chart).Assembly;
        var name = assembly.GetManifestResourceNames()
            .Single(resource => resource.Contains(".plotly-", StringComparison.Ordinal) && resource.EndsWith(".min.js", StringComparison.Ordinal));
        // A script element ends at the first such tag, wherever it stands; inside JavaScript strings and regular expressions the escape means the same.
        return EmbeddedText.Read(typeof(Plotly.NET.Chart), name).Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]*$")]
    private static partial Regex ElementId();
}
