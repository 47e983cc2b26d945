using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Assistance;

/// <summary>
/// The references of a session with their documentation. In place of the framework's implementation stand the reference assemblies of the SDK
/// where it is installed: they are smaller, and documented.
/// </summary>
internal static class DocumentedReferences
{
    private static readonly string FrameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
    private static readonly ConcurrentDictionary<string, MetadataReference> Known = new();
    private static readonly Lazy<IReadOnlyList<string>> Framework = new(FindFramework);

    /// <summary>The same references, documented.</summary>
    public static IEnumerable<MetadataReference> Of(IEnumerable<MetadataReference> references)
    {
        var paths = references.OfType<PortableExecutableReference>().Select(reference => reference.FilePath).OfType<string>().Distinct().ToList();
        var own = Framework.Value.Count == 0 ? paths : paths.Where(path => Path.GetDirectoryName(path) != FrameworkFolder);
        return Framework.Value.Concat(own).Select(path => Known.GetOrAdd(path, Load));
    }

    private static MetadataReference Load(string path)
    {
        var documentation = Path.ChangeExtension(path, ".xml");
        return MetadataFile.Reference(path, File.Exists(documentation) ? XmlDocumentationProvider.CreateFromFile(documentation) : null);
    }

    // ROOT/shared/Microsoft.NETCore.App/VERSION holds the runtime, ROOT/packs/Microsoft.NETCore.App.Ref/VERSION/ref/netX.Y what to compile against.
    private static string[] FindFramework()
    {
        var root = Path.GetFullPath(Path.Combine(FrameworkFolder, "..", "..", ".."));
        var packs = Path.Combine(root, "packs", "Microsoft.NETCore.App.Ref");
        var target = $"net{Environment.Version.Major}.{Environment.Version.Minor}";
        if (!Directory.Exists(packs)) return [];
        var folder = Directory.GetDirectories(packs, $"{Environment.Version.Major}.*").Select(pack => Path.Combine(pack, "ref", target)).LastOrDefault(Directory.Exists);
        return folder is null ? [] : Directory.GetFiles(folder, "*.dll");
    }
}
