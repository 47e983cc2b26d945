using System.Net;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Interactive;

/// <summary>Names a type's formatters. .NET Interactive looks for an attribute of this simple name, whosever it is.</summary>
/// <param name="formatterSourceType">The type that makes them.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}

/// <summary>The formatters of <see cref="Shown"/>, with the members that .NET Interactive calls by name.</summary>
internal sealed class ShownFormatters
{
    public static IEnumerable<object> CreateTypeFormatters() => [new ShownFormatter(MimeBundle.Html), new ShownFormatter(MimeBundle.PlainText)];

    private sealed class ShownFormatter(string mimeType)
    {
        public string MimeType => mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            if (instance is not Shown { Bundle: var bundle }) return false;
            var plain = bundle[MimeBundle.PlainText] ?? "";
            writer.Write(mimeType == MimeBundle.Html ? bundle[MimeBundle.Html] ?? $"<pre style=\"white-space:pre-wrap\">{WebUtility.HtmlEncode(plain)}</pre>" : plain);
            return true;
        }
    }
}
