using System.Diagnostics;
using QuantNotebooks.Interactive;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>The SDK's command, as a user calls it.</summary>
internal static class Dotnet
{
    /// <summary>Runs it to its end, which must be a good one, and returns what it wrote to standard output.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="words">What follows 'dotnet'.</param>
    /// <param name="packages">NuGet's cache; null for the usual one.</param>
    public static async Task<string> RunAsync(string folder, IEnumerable<string> words, string? packages = null)
    {
        var token = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("dotnet", words) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        if (packages is not null) start.Environment["NUGET_PACKAGES"] = packages;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(token);
        var output = await process.StandardOutput.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        Assert.True(process.ExitCode == 0, output + await error);
        return output;
    }

    /// <summary>Packs a project, of the assemblies that are built for these tests, and returns the package's path.</summary>
    public static async Task<string> PackAsync(string project, string folder)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
        await RunAsync(folder, ["pack", Repository.PathOf("src", project), "--no-build", "-c", configuration, "-o", folder, "-nologo"]);
        return Path.Combine(folder, $"{project}.{ExtensionLoad.Version}.nupkg");
    }
}
