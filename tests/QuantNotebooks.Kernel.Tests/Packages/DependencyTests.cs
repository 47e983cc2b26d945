using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>What comes along with a package of ours.</summary>
public sealed partial class DependencyTests
{
    // Skia's native parts and ONNX Runtime's managed one are packages of their own; Grpc.Tools works at build time only and is nobody's dependency.
    [Fact]
    public void CoreBringsFourLibraries()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("src", "QuantNotebooks.Core", "obj", "project.assets.json")));
        var packages = assets.RootElement.GetProperty("targets").EnumerateObject().First().Value.EnumerateObject().Select(package => package.Name.Split('/')[0]);
        Assert.Equal(
            ["Google.Protobuf", "Microsoft.ML.OnnxRuntime", "Microsoft.ML.OnnxRuntime.Managed", "SkiaSharp", "SkiaSharp.NativeAssets.Linux.NoDependencies",
                "SkiaSharp.NativeAssets.Win32", "SkiaSharp.NativeAssets.macOS", "System.Numerics.Tensors"],
            packages.Where(package => package != "Grpc.Tools").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TheReadmeExplainsEveryPackageThatIsUsed()
    {
        var used = Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => XDocument.Load(project).Descendants("PackageReference")).Select(reference => reference.Attribute("Include")!.Value).Distinct().Order(StringComparer.Ordinal);
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        var table = readme[readme.IndexOf("## What it stands on", StringComparison.Ordinal)..];
        Assert.Equal(used, PackageName().Matches(table[..table.IndexOf("\n## ", 1, StringComparison.Ordinal)]).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    // Four packages say their licence by a file or an address, or not at all: their rows are read by people.
    [Fact]
    public void TheReadmesLicencesAreThePackagesOwn()
    {
        string[] unsaid = ["Deedle", "Microsoft.AspNetCore.Html.Abstractions", "Microsoft.ML.OnnxRuntime", "NetMQ"];
        var versions = XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);
        using var assets = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("src", "QuantNotebooks.Kernel", "obj", "project.assets.json")));
        string[] folders = [.. assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];
        var rows = LicenceRow().Matches(File.ReadAllText(Repository.PathOf("README.md"))).Where(row => versions.ContainsKey(row.Groups[1].Value)).ToArray();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var (id, licence) = (row.Groups[1].Value, row.Groups[2].Value);
            var nuspec = folders.Select(folder => Path.Combine(folder, id.ToLowerInvariant(), versions[id], id.ToLowerInvariant() + ".nuspec")).First(File.Exists);
            var own = XDocument.Load(nuspec).Descendants().FirstOrDefault(element => element.Name.LocalName == "license" && element.Attribute("type")?.Value == "expression")?.Value;
            Assert.Equal(unsaid.Contains(id), own is null);
            if (own is not null) Assert.Equal((id, own), (id, licence));
        }
    }

    [GeneratedRegex(@"^\| `([^`]+)`", RegexOptions.Multiline)]
    private static partial Regex PackageName();

    [GeneratedRegex(@"^\| `([^`]+)` \|.*\| ([^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex LicenceRow();
}
