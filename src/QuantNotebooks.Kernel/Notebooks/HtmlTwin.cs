using System.Net;
using System.Text.RegularExpressions;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>Outputs as HTML, for hosts that show no other form of theirs as its author meant it.</summary>
internal static partial class HtmlTwin
{
    /// <summary>
    /// An output with HTML beside its Markdown, or in place of its JavaScript. Where a notebook is not trusted Jupyter shows HTML without its scripts, but Markdown as the
    /// text that somebody wrote. And a script alone is told its place by Jupyter only, not by Visual Studio Code.
    /// </summary>
    public static MimeBundle Add(MimeBundle output)
    {
        if (output[MimeBundle.Html] is not null) return output;
        if (output[MimeBundle.MarkdownText] is { } text)
            return MarkdownHtml.Plain(text) is { } html ? new MimeBundle([.. output.Parts, new MimePart(MimeBundle.Html, html)]) : output;
        return output[MimeBundle.JavaScript] is { } script
            ? new MimeBundle([new MimePart(MimeBundle.Html, Script(script, output[MimeBundle.PlainText] ?? "")), .. output.Parts.Where(part => part.MimeType != MimeBundle.JavaScript)])
            : output;
    }

    /// <summary>A script that finds its place under the name "element", as Jupyter calls it; the text stands there until it runs.</summary>
    public static string Script(string script, string text)
    {
        var id = $"quant-{Guid.NewGuid():N}";
        // Some hosts run scripts before their output is part of the page.
        return $"<div class=\"value\" id=\"{id}\">{WebUtility.HtmlEncode(text)}</div><script>(function run(attempts){{var element=document.getElementById('{id}');"
            + $"if(!element){{if(attempts>0)setTimeout(run,50,attempts-1);return}}element.textContent='';(function(){{{EndTag().Replace(script, "<\\/script")}\n}})()}})(100)</script>";
    }

    // In JavaScript it can stand in strings and comments only, where the escape means the same.
    [GeneratedRegex("</script", RegexOptions.IgnoreCase)]
    private static partial Regex EndTag();
}
