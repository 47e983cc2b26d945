using System.Reflection;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>What a session's cells find without asking for it.</summary>
internal sealed record ScriptEngineOptions
{
    private static readonly string[] BasicNamespaces =
    [
        "System", "System.Collections.Generic", "System.Globalization", "System.IO", "System.Linq", "System.Numerics", "System.Text",
        "System.Threading", "System.Threading.Tasks",
    ];

    /// <summary>Assemblies that cells can use, besides the framework's. What these refer to can be used as well.</summary>
    public IReadOnlyList<Assembly> Assemblies { get; init; } = [];

    /// <summary>Namespaces imported beside the basic ones, and types whose static members are. All must exist in <see cref="Assemblies"/>.</summary>
    public IReadOnlyList<string> Imports { get; init; } = [];

    /// <summary>Names that stand for one type each, whatever the imports of cells have under them, as "Frame = Deedle.Frame". A cell that gives a name itself has its own.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The folder where <c>#r "library.dll"</c> and <c>#load</c> begin: the notebook's. Null: the current directory.</summary>
    public string? BaseDirectory { get; init; }

    /// <summary>Whether cells may use what the compiler knows of the language's next version.</summary>
    public bool Preview { get; init; }

    internal IEnumerable<string> AllImports => BasicNamespaces.Concat(Imports).Distinct();
}
