using System.Collections.Immutable;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.Magics;

/// <summary>All magics.</summary>
internal static class MagicSet
{
    /// <summary>In the order of the help: the analysis first.</summary>
    public static ImmutableArray<Magic> All { get; } =
    [
        .. CommandSet.All.Select(definition => new CommandMagic(definition)),
        new HelpMagic("quant-help"), new HelpMagic("help"), new TimeMagic(), new WhoMagic(), new WhosMagic(), new ResetMagic(), new NuGetCacheMagic(),
        TextMagic.Html, TextMagic.Markdown, TextMagic.JavaScript, new CSharpMagic(),
    ];

    /// <summary>The magic of that name.</summary>
    /// <exception cref="CommandUsageException">There is none; the message names the nearest.</exception>
    public static Magic Get(string name)
    {
        if (Find(name) is { } magic) return magic;
        var unknown = NearestName.Unknown("magic", Magic.Prefix + name, All.Select(known => Magic.Prefix + known.Name));
        throw new CommandUsageException($"{unknown}{(unknown.EndsWith('?') ? "" : ".")} {Magic.Prefix}help lists all.");
    }

    /// <summary>The magic of that name, or null.</summary>
    public static Magic? Find(string name) => All.FirstOrDefault(magic => magic.Name == name);
}
