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

    [GeneratedRegex(@"^\| `([^`]+)`", RegexOptions.Multiline)]
    private static partial Regex PackageName();
}
