using System.Diagnostics;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>Programs of the system that some tests need. Where they are missing, those tests are skipped and say so.</summary>
internal static class Installed
{
    /// <summary>The path of the first of these programs that there is; without any, the test is skipped.</summary>
    public static string Require(params string[] names)
    {
        var found = names.Select(Find).FirstOrDefault(path => path is not null);
        Assert.SkipWhen(found is null, $"'{names[0]}' is not installed.");
        return found!;
    }

    /// <summary>Skips the test where Debian's Python has no such modules.</summary>
    public static string RequirePython(params string[] modules)
    {
        const string python = "/usr/bin/python3"; // the one that Debian's packages are for, whatever the shell finds
        Assert.SkipUnless(File.Exists(python), $"{python} is not installed.");
        foreach (var module in modules)
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import " + module]) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.SkipWhen(process.ExitCode != 0, $"Python's '{module}' is not installed.");
        }
        return python;
    }

    private static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
