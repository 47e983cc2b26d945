using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace QuantNotebooks.Kernel.Packages;

/// <summary>Lets NuGet itself restore packages, by a project made for that: versions, platforms and sources are as in any build.</summary>
internal static partial class PackageRestore
{
    private static readonly string Target = $"net{Environment.Version.Major}.{Environment.Version.Minor}";

    /// <summary>Where NuGet keeps packages of this user.</summary>
    public static string CacheFolder => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Restores packages and what they need.</summary>
    /// <param name="folder">A folder of the caller's, for the project.</param>
    /// <param name="packages">All packages of the session, so that their versions fit.</param>
    /// <param name="sources">Sources besides the machine's; a relative folder begins at the current directory.</param>
    /// <param name="cancellation">Stops NuGet.</param>
    /// <exception cref="PackageException">NuGet could not; the message is its own.</exception>
    public static async Task<PackageAssets> RunAsync(
        string folder, IEnumerable<PackageRequest> packages, IEnumerable<string> sources, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var project = Path.Combine(folder, "packages.csproj");
        await File.WriteAllTextAsync(project, Project(packages, sources), cancellation).ConfigureAwait(false);
        var (exitCode, output) = await RestoreAsync(project, cancellation).ConfigureAwait(false);
        if (exitCode != 0) throw new PackageException(Reason(output));
        return PackageAssets.Read(Path.Combine(folder, "obj", "project.assets.json"), $"{Target}/{RuntimeInformation.RuntimeIdentifier}");
    }

    // No build files of folders above may have a say in it.
    private static string Project(IEnumerable<PackageRequest> packages, IEnumerable<string> sources) => new XElement("Project",
        new XElement("PropertyGroup",
            new XElement("ImportDirectoryBuildProps", false), new XElement("ImportDirectoryBuildTargets", false), new XElement("ImportDirectoryPackagesProps", false)),
        new XElement("Import", new XAttribute("Project", "Sdk.props"), new XAttribute("Sdk", "Microsoft.NET.Sdk")),
        new XElement("PropertyGroup",
            new XElement("TargetFramework", Target), new XElement("RuntimeIdentifier", RuntimeInformation.RuntimeIdentifier), new XElement("SelfContained", false),
            new XElement("UseAppHost", false), new XElement("NuGetAudit", false),
            new XElement("RestoreAdditionalProjectSources", string.Join(';', sources.Select(source => Directory.Exists(source) ? Path.GetFullPath(source) : source)))),
        new XElement("ItemGroup", packages.Select(package => new XElement("PackageReference", new XAttribute("Include", package.Id), new XAttribute("Version", package.Version)))),
        new XElement("Import", new XAttribute("Project", "Sdk.targets"), new XAttribute("Sdk", "Microsoft.NET.Sdk"))).ToString();

    private static async Task<(int ExitCode, string Output)> RestoreAsync(string project, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(DotnetPath, ["restore", project, "--nologo", "--verbosity", "quiet"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Path.GetDirectoryName(project),
        };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new PackageException($"'{DotnetPath}' cannot be started, and packages are restored by the .NET SDK: {exception.Message}", exception);
        }
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            try
            {
                await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
            return (process.ExitCode, await output.ConfigureAwait(false) + await error.ConfigureAwait(false));
        }
    }

    // Each error once, without the name of a project that the user has never seen.
    private static string Reason(string output)
    {
        var errors = output.Split('\n').Select(line => Error().Match(line)).Where(match => match.Success)
            .Select(match => $"{match.Groups[1].Value}: {match.Groups[2].Value.Trim()}").Distinct().ToList();
        return errors.Count > 0 ? string.Join('\n', errors) : output.Trim();
    }

    // The host that runs this process, or the one that the shell would find.
    private static string DotnetPath
    {
        get
        {
            var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
            var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
            return File.Exists(Path.Combine(root, name)) ? Path.Combine(root, name) : name;
        }
    }

    [GeneratedRegex(@"error ((?:NU|NETSDK|MSB)\d+)\s*: (.*?)(?:\s*\[[^\]]*\])?\s*$")]
    private static partial Regex Error();
}

/// <summary>A package could not be had; the message is NuGet's.</summary>
internal sealed class PackageException(string message, Exception? inner = null) : Exception(message, inner);
