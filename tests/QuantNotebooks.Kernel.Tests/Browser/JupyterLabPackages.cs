using System.Diagnostics;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>JupyterLab's packages, which npm has though Debian has no JupyterLab, and the scripts that use them.</summary>
internal static class JupyterLabPackages
{
    /// <summary>The folder that holds them: outside of the source tree, and kept for the next run as long as it wants the same packages.</summary>
    public static async Task<string> InstallAsync()
    {
        var npm = Installed.Require("npm");
        var home = Path.Combine(AppContext.BaseDirectory, "JupyterLab");
        Directory.CreateDirectory(home);
        foreach (var file in Directory.GetFiles(Repository.PathOf("tests", "JupyterLab"))) File.Copy(file, Path.Combine(home, Path.GetFileName(file)), overwrite: true);
        var (wanted, installed) = (Path.Combine(home, "package.json"), Path.Combine(home, "node_modules", "installed.json"));
        if (File.Exists(installed) && File.ReadAllText(installed) == File.ReadAllText(wanted)) return home;
        var run = await ProgramRun.OfAsync(new ProcessStartInfo(npm, ["install", "--no-package-lock", "--no-audit", "--no-fund"]) { WorkingDirectory = home });
        Assert.SkipUnless(run.ExitCode == 0, $"npm can't install JupyterLab's packages: {run.Output}{run.Error}");
        File.Copy(wanted, installed, overwrite: true);
        return home;
    }
}
