using System.Reflection;
using Microsoft.CodeAnalysis;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Packages;

/// <summary>The packages of a session. Not thread safe.</summary>
internal sealed class SessionPackages : IDisposable
{
    private static readonly string[] BuiltIn = ["QuantNotebooks.Core", "QuantNotebooks.Training", "QuantNotebooks.Notebook", "QuantNotebooks.Interactive"];

    private static readonly string OwnVersion =
        typeof(SessionPackages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private readonly Dictionary<string, PackageRequest> _requested = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _sources = [];
    private readonly HashSet<string> _referenced = [];
    private string? _folder;

    /// <summary>What has been restored, dependencies too.</summary>
    public IReadOnlyList<PackageRequest> Restored { get; private set; } = [];

    /// <summary>Restores what some C# asks for, tells the cell, and gives the engine the new references.</summary>
    /// <exception cref="PackageException">NuGet could not; nothing has changed.</exception>
    public async Task LoadAsync(PackageDirectives directives, ScriptEngine engine, INotebookOutput output, CancellationToken cancellation)
    {
        if (directives.Packages.Any(package => package.Id.Length == 0)) throw new PackageException("the name of the package is missing: #r \"nuget: Id, Version\", where the version may be left out.");
        foreach (var source in directives.Sources) _sources.Add(source);
        foreach (var package in directives.Packages.Where(IsBuiltIn))
            output.Display(Text($"{package.Id} is built into this kernel (version {OwnVersion}); nothing is loaded."), displayId: null);
        List<PackageRequest> asked = [.. directives.Packages.Where(package => !IsBuiltIn(package))];
        if (asked.Count == 0) return;
        var wanted = new Dictionary<string, PackageRequest>(_requested, StringComparer.OrdinalIgnoreCase);
        foreach (var package in asked) wanted[package.Id] = package;
        var display = new DisplayedValue(output, Guid.NewGuid().ToString("n"));
        output.Display(Text("restoring " + Names(asked) + " …"), display.Id);
        PackageAssets assets;
        try
        {
            _folder ??= Directory.CreateTempSubdirectory("quantnb-packages-").FullName;
            assets = await PackageRestore.RunAsync(_folder, wanted.Values, _sources, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            output.Update(display.Id, Text("not restored: " + Names(asked)));
            if (exception is PackageException) _sources.RemoveWhere(source => IsUnreachable(source, exception.Message));
            throw;
        }
        foreach (var package in asked) _requested[package.Id] = package;
        Restored = assets.Packages;
        PackageLoader.Add(assets);
        engine.AddReferences(assets.References.Select(PackageLoader.Chosen).Where(_referenced.Add)
            .Select(path => MetadataFile.Reference(path)));
        output.Update(display.Id, Text(Names(asked.Select(package => Restored.First(found => found.Id.Equals(package.Id, StringComparison.OrdinalIgnoreCase))))));
    }

    /// <summary>Forgets the packages; what is loaded stays in memory.</summary>
    public void Clear()
    {
        _requested.Clear();
        _sources.Clear();
        _referenced.Clear();
        Restored = [];
    }

    public void Dispose()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }

    // NuGet restores nothing while it can't ask one of its sources: kept, a wrong one would be in the way of all packages after it.
    private static bool IsUnreachable(string source, string reason) =>
        reason.Split('\n').Any(line => line.StartsWith("NU130", StringComparison.Ordinal) && line.Contains(source, StringComparison.OrdinalIgnoreCase));

    // The packages of this project, so that a notebook made for other hosts runs here: the kernel has its own copies, of which cells see the types.
    private static bool IsBuiltIn(PackageRequest package) => BuiltIn.Contains(package.Id, StringComparer.OrdinalIgnoreCase);

    private static string Names(IEnumerable<PackageRequest> packages) => string.Join(", ", packages.Select(package => $"{package.Id} {package.Version}"));

    private static MimeBundle Text(string text) => new(new MimePart(MimeBundle.PlainText, text));
}
