using System.Reflection;
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
