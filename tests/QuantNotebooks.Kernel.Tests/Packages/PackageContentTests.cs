using System.IO.Compression;
using QuantNotebooks.Interactive;
using QuantNotebooks.Kernel.Tests.Interactive;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>What 'dotnet pack' puts into a package, of the assemblies that are built for these tests.</summary>
public sealed class PackageContentTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ThePackageForOtherHostsHoldsAnAssemblyAndTheScriptOfItsVersion()
    {
        using var package = await PackAsync("QuantNotebooks.Interactive");
        using var script = new StreamReader(package.GetEntry("interactive-extensions/dotnet/extension.dib")!.Open());
        Assert.Equal(ExtensionScript.Text.Replace("%VERSION%", ExtensionLoad.Version, StringComparison.Ordinal), (await script.ReadToEndAsync(Token)).ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("QuantNotebooks.Core")]
    [InlineData("QuantNotebooks.Training")]
    [InlineData("QuantNotebooks.Notebook")]
    public async Task APackageHoldsItsAssemblyDocumentationReadmeAndIcon(string name)
    {
        using var package = await PackAsync(name);
        Assert.Superset(new HashSet<string> { $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml", "README.md", "icon.png" }, package.Entries.Select(entry => entry.FullName).ToHashSet());
        using var manifest = new StreamReader(package.GetEntry(name + ".nuspec")!.Open());
        var text = await manifest.ReadToEndAsync(Token);
        Assert.Contains("<license type=\"expression\">Apache-2.0</license>", text, StringComparison.Ordinal);
        Assert.Contains("<readme>README.md</readme>", text, StringComparison.Ordinal);
        Assert.Contains("<icon>icon.png</icon>", text, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File($"{name}.{ExtensionLoad.Version}.snupkg")), "no symbols");
    }

    private async Task<ZipArchive> PackAsync(string project) => await ZipFile.OpenReadAsync(await Dotnet.PackAsync(project, folder.Path), Token);
}
