using System.Net;
using System.Reflection;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Interactive;

/// <summary>What the package's script asks while a host loads it: whether it may go on, and what to tell the user.</summary>
public static class ExtensionLoad
{
    // Of the process and not of this assembly, of which there may be two.
    private const string LoadedVersion = "QuantNotebooks.Interactive.LoadedVersion";

    /// <summary>The version of this assembly.</summary>
    public static string Version { get; } =
        typeof(ExtensionLoad).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Why the package can't be loaded, in words for the user; null where it can. Says it again whenever it is asked.</summary>
    /// <param name="version">The version of the package whose script asks.</param>
    /// <param name="host">The host's own assembly.</param>
    public static string? Obstacle(string version, Assembly host)
    {
        var loaded = (string?)AppContext.GetData(LoadedVersion) ?? Version;
        if (loaded != version) return $"QuantNotebooks.Interactive {loaded} is loaded already; restart the notebook's kernel to load {version}.";
        if (AppContext.GetData(LoadedVersion) is not null) return $"QuantNotebooks.Interactive {version} is loaded already; its magics are there: #!quant-shift and the others.";
        return HostCalls.Missing(host) is { } missing
            ? $"QuantNotebooks.Interactive {version} cannot be used here: this version of .NET Interactive has no {missing}. A newer one has; and 'quantnb jupyter install' installs a C# kernel that needs none."
            : null;
    }

    /// <summary>Makes results show themselves at the end of cells, remembers that the package is loaded, and returns what to show for it.</summary>
    public static Shown Complete()
    {
        NotebookFormatters.Register();
        AppContext.SetData(LoadedVersion, Version);
        var text = $"Quant Notebooks {Version}: from the next cell on there are {string.Join(", ", CommandSet.All.Select(command => $"#!quant-{command.Name}"))}.";
        // The cell that loads the package carries plotly.js for the whole notebook.
        return new Shown(new MimeBundle(
            new MimePart(MimeBundle.Html, $"{PlotlyScript.ScriptElement}<div>{WebUtility.HtmlEncode(text)}</div>"),
            new MimePart(MimeBundle.PlainText, text)));
    }
}
