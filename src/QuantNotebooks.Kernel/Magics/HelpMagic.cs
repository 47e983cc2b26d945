using System.Net;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Magics;

/// <summary><c>#!help [NAME]</c>: all magics, or one of them.</summary>
internal sealed class HelpMagic(string name) : Magic
{
    public override string Name => name;

    public override string Summary => "List all magics, or explain one.";

    public override string Usage => "[NAME]";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone([.. words.Skip(1)]);
        if (words.Count == 0) return _ => NotebookDisplay.display(List());
        var wanted = words[0].StartsWith(Prefix, StringComparison.Ordinal) ? words[0][Prefix.Length..] : words[0];
        var magic = MagicSet.Find(wanted) ?? MagicSet.Find(CommandMagic.NamePrefix + wanted) ?? MagicSet.Get(wanted);
        return _ => NotebookDisplay.display(Page(magic));
    }

    private static MimeBundle Page(Magic magic) => new(
        new MimePart(MimeBundle.Html, $"<pre style=\"white-space:pre-wrap;word-break:normal\">{WebUtility.HtmlEncode(magic.Help)}</pre>"),
        new MimePart(MimeBundle.PlainText, magic.Help));

    private static MimeBundle List() => TableOutput.Of(
        [new("magic", IsNumeric: false), new("what it does", IsNumeric: false)],
        MagicSet.All.Select(magic => (TableCell[])[new($"{Prefix}{magic.Name} {magic.Usage}".TrimEnd()), new(magic.Summary)]));
}
