using System.Text.Json;

namespace QuantNotebooks.Kernel.Packages;

/// <summary>What a restore found, of the packages asked for and those that they need.</summary>
/// <param name="Packages">Identifiers and versions.</param>
/// <param name="References">Assemblies to compile against and run.</param>
/// <param name="Runtime">All assemblies to run.</param>
/// <param name="Native">Native libraries of this platform.</param>
internal sealed record PackageAssets(
    IReadOnlyList<PackageRequest> Packages, IReadOnlyList<string> References, IReadOnlyList<string> Runtime, IReadOnlyList<string> Native)
{
    /// <summary>Reads <c>project.assets.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">The target with its runtime identifier, for example "net10.0/linux-x64".</param>
    public static PackageAssets Read(string path, string target)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        var json = document.RootElement;
        var folders = json.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name).ToList();
        var libraries = json.GetProperty("libraries");
        var assets = new PackageAssets([], [], [], []);
        foreach (var package in json.GetProperty("targets").GetProperty(target).EnumerateObject())
        {
            if (package.Value.GetProperty("type").GetString() != "package") continue;
            var folder = folders.Select(root => Path.Combine(root, libraries.GetProperty(package.Name).GetProperty("path").GetString()!)).First(Directory.Exists);
            var runtime = Files(package.Value, "runtime", folder);
            var compiled = Files(package.Value, "compile", folder).Select(Path.GetFileName).ToHashSet();
            assets = new PackageAssets(
                [.. assets.Packages, ToRequest(package.Name)],
                // Those in lib, not those in ref: they can be run too.
                [.. assets.References, .. runtime.Where(file => compiled.Contains(Path.GetFileName(file)))],
                [.. assets.Runtime, .. runtime], [.. assets.Native, .. Files(package.Value, "native", folder)]);
        }
        return assets;
    }

    private static PackageRequest ToRequest(string name) => name.Split('/') is [var id, var version] ? new PackageRequest(id, version) : new PackageRequest(name, "");

    private static List<string> Files(JsonElement package, string kind, string folder) => package.TryGetProperty(kind, out var files)
        ? [.. files.EnumerateObject().Select(file => Path.GetFullPath(Path.Combine(folder, file.Name))).Where(file => Path.GetFileName(file) != "_._")] : [];
}
