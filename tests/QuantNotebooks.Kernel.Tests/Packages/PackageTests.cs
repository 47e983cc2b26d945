using System.IO.Compression;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using QuantNotebooks.Kernel.Packages;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Scripting;

namespace QuantNotebooks.Kernel.Tests.Packages;

public sealed class PackageTests : IDisposable
{
    private readonly NotebookSession session = new(NotebookEnvironment.Options(null));
    private readonly RecordingOutput output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => session.Dispose();

    [Fact]
    public void DirectivesAreFoundWhereTheyAreDirectives()
    {
        var found = PackageDirectives.Of("// #r \"nuget: No\"\n#r \"nuget: A.B, 1.2.3\"\n  #R \"NUGET:C\"\n#i \"nuget: /folder\"\nvar s = @\"\n#r \"\"nuget: No\"\"\n\";\n#r \"own.dll\"");
        Assert.Equal([new PackageRequest("A.B", "1.2.3"), new PackageRequest("C", "*")], found.Packages);
        Assert.Equal(["/folder"], found.Sources);
        Assert.Equal(2, found.Line);
        Assert.Equal(["// #r \"nuget: No\"", "", "", "", "var s = @\"", "#r \"\"nuget: No\"\"", "\";", "#r \"own.dll\""], found.Code.Split('\n').Select(line => line.TrimEnd()));
    }

    // The version that these tests themselves use: it is in the machine's cache.
    [Fact]
    public async Task APackageIsRestoredAndUsed()
    {
        var version = Assembly.Load("CsCheck").GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        var result = await session.RunAsync($"#r \"nuget: CsCheck, {version}\"\nusing CsCheck;\nGen.Const(5).Single()", output, Token);
        Assert.True(result is CellSucceeded { Value: 5 }, result.Error?.Message);
        Assert.Equal($"CsCheck {version}", Assert.Single(output.Updates).Bundle["text/plain"]);
        Assert.IsType<CellSucceeded>(await session.RunAsync("Gen.Int.Single()", output, Token));
        Assert.Contains("Single", (await session.CompleteAsync("Gen.Int.Sing", 12, Token)).Items.Select(item => item.Text));
    }

    [Theory]
    [InlineData("#r \"nuget: QuantNotebooks.Interactive\"")]
    [InlineData("#r \"nuget: quantnotebooks.interactive, 99.0.0\"")]
    public async Task ThePackageForOtherHostsIsBuiltIn(string line)
    {
        var result = await session.RunAsync($"{line}\ntypeof(Network).Name", output, Token);
        Assert.Equal("Network", Assert.IsType<CellSucceeded>(result).Value);
        Assert.Contains("is built into this kernel", Assert.Single(output.Displays).Bundle["text/plain"], StringComparison.Ordinal);
    }

    // SQLite is native, and its managed part spread over packages.
    [Fact]
    public async Task NativeLibrariesAreFound()
    {
        var result = await session.RunAsync("""
            #r "nuget: Microsoft.Data.Sqlite, 10.0.0"
            using Microsoft.Data.Sqlite;
            var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            var command = connection.CreateCommand();
            command.CommandText = "select 6 * 7";
            command.ExecuteScalar()
            """, output, Token);
        Assert.SkipWhen(result is MagicFailed { Message: var message } && message.Contains("NU1301", StringComparison.Ordinal), "NuGet's source cannot be reached.");
        Assert.True(result is CellSucceeded { Value: 42L }, result.Error?.Message);
        Assert.IsType<CellSucceeded>(await session.RunAsync("#!nuget-cache", output, Token));
        Assert.Contains("Microsoft.Data.Sqlite.Core 10.0.0", output.AllText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatNuGetSaysOfAFailureIsShown()
    {
        using var folder = new TemporaryFolder();
        var result = Assert.IsType<MagicFailed>(await session.RunAsync($"var before = 1;\n#i \"nuget: {folder.Path}\"\n#r \"nuget: QuantNotebooks.NoSuchPackage, 1.2.3\"", output, Token));
        Assert.Contains("NU11", result.Message, StringComparison.Ordinal);
        Assert.Contains("QuantNotebooks.NoSuchPackage", result.Message, StringComparison.Ordinal);
        Assert.Equal(("#r", 3), (result.Error.Name, result.Line));
    }

    // CsCheck is in the machine's cache; a folder is a source as it is.
    [Fact]
    public async Task ASourceThatDoesNotExistIsNotInTheWayOfOthers()
    {
        using var folder = new TemporaryFolder();
        var version = Assembly.Load("CsCheck").GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        await session.RunAsync($"#i \"nuget: {folder.File("none")}\"", output, Token);
        var result = Assert.IsType<MagicFailed>(await session.RunAsync("#r \"nuget: QuantNotebooks.NoSuchPackage, 1.2.3\"", output, Token));
        Assert.Contains($"NU1301: The local source '{folder.File("none")}' doesn't exist.", result.Message, StringComparison.Ordinal);
        Assert.IsType<CellSucceeded>(await session.RunAsync($"#r \"nuget: CsCheck, {version}\"", output, Token));
        Assert.StartsWith("not restored: QuantNotebooks.NoSuchPackage", output.Updates[0].Bundle["text/plain"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderIsASource()
    {
        using var folder = new TemporaryFolder();
        var id = "Own" + Guid.NewGuid().ToString("n"); // the machine's cache keeps what was restored once
        WritePackage(folder.File($"{id}.1.2.3.nupkg"), id);
        try
        {
            var result = await session.RunAsync($"#i \"nuget: {folder.Path}\"\n#r \"nuget: {id}, 1.2.3\"\nMadeForTests.Answer.Value", output, Token);
            Assert.SkipWhen(result is MagicFailed { Message: var message } && message.Contains("NU1301", StringComparison.Ordinal), "NuGet's source cannot be reached.");
            Assert.True(result is CellSucceeded { Value: 42 }, result.Error?.Message);
        }
        finally
        {
            var restored = Path.Combine(PackageRestore.CacheFolder, id.ToLowerInvariant());
            if (Directory.Exists(restored)) Directory.Delete(restored, recursive: true);
        }
    }

    [Fact]
    public async Task AnAssemblyIsFoundBesideTheNotebookAndByItsWholePath()
    {
        using var folder = new TemporaryFolder();
        Compile("First", folder.File("first.dll"));
        Compile("Second", folder.File("second.dll"));
        using var local = new NotebookSession(new ScriptEngineOptions { BaseDirectory = folder.Path });
        Assert.Equal(42, Assert.IsType<CellSucceeded>(await local.RunAsync("#r \"first.dll\"\nFirst.Answer.Value", output, Token)).Value);
        Assert.Equal(42, Assert.IsType<CellSucceeded>(await local.RunAsync($"#r \"{folder.File("second.dll")}\"\nSecond.Answer.Value + First.Answer.Value - 42", output, Token)).Value);
        Assert.Equal("(1,1): error CS0006: Metadata file 'none.dll' could not be found", Assert.IsType<CellDidNotCompile>(await local.RunAsync("#r \"none.dll\"", output, Token)).Error.Message);
        Assert.Contains("Source file 'none.csx' could not be opened", Assert.IsType<CellDidNotCompile>(await local.RunAsync("#load \"none.csx\"", output, Token)).Error.Message, StringComparison.Ordinal);
    }

    private static void WritePackage(string path, string id)
    {
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        using (var manifest = new StreamWriter(archive.CreateEntry(id + ".nuspec").Open()))
            manifest.Write($"<package><metadata><id>{id}</id><version>1.2.3</version><authors>a</authors><description>d</description></metadata></package>");
        using var library = archive.CreateEntry($"lib/net10.0/{id}.dll").Open();
        library.Write(Assembled("MadeForTests", id));
    }

    private static void Compile(string name, string path) => File.WriteAllBytes(path, Assembled(name, name + "Library"));

    private static byte[] Assembled(string name, string assembly)
    {
        var tree = CSharpSyntaxTree.ParseText($"namespace {name}; public static class Answer {{ public static int Value => 42; }}");
        using var bytes = new MemoryStream();
        Assert.True(CSharpCompilation.Create(assembly, [tree], ScriptReferences.Of([]), new(OutputKind.DynamicallyLinkedLibrary)).Emit(bytes).Success);
        return bytes.ToArray();
    }

    [Fact]
    public async Task AScriptBesideTheNotebookIsLoaded()
    {
        using var folder = new TemporaryFolder();
        folder.Write("helper.csx", "int Triple(int n) => 3 * n;");
        using var local = new NotebookSession(new ScriptEngineOptions { BaseDirectory = folder.Path });
        Assert.Equal(15, Assert.IsType<CellSucceeded>(await local.RunAsync("#load \"helper.csx\"\nTriple(5)", output, Token)).Value);
        Assert.Equal(6, Assert.IsType<CellSucceeded>(await local.RunAsync("Triple(2)", output, Token)).Value);
    }
}
