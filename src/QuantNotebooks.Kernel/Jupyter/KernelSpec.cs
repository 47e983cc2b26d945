using System.Reflection.PortableExecutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Export;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>The kernelspec: the folder by which Jupyter finds the kernel and knows how to start it.</summary>
internal static partial class KernelSpec
{
    private const string FileName = "kernel.json";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, IndentSize = 1 };

    /// <summary>Where kernelspecs of this user are.</summary>
    public static string UserFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } folder) return Path.Combine(folder, "kernels");
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var data = OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter")
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Jupyter")
                : Path.Combine(Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(home, ".local", "share"), "jupyter");
            return Path.Combine(data, "kernels");
        }
    }

    /// <summary>Where kernelspecs of the Python environment are that is active, or whose <c>jupyter</c> the shell finds; null where there is none.</summary>
    public static string? EnvironmentFolder
    {
        get
        {
            var prefix = Environment.GetEnvironmentVariable("VIRTUAL_ENV") ?? Environment.GetEnvironmentVariable("CONDA_PREFIX") ?? PrefixOfJupyter();
            return prefix is null ? null : Path.Combine(prefix, "share", "jupyter", "kernels");
        }
    }

    /// <summary>Whether a kernelspec may have that name: Jupyter finds no others.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    /// <summary>Writes the kernelspec, over an older one of the same name, and returns its folder.</summary>
    /// <param name="kernels">The folder of kernelspecs.</param>
    /// <param name="name">Its name.</param>
    /// <param name="options">Options of the kernel.</param>
    public static string Install(string kernels, string name, params IReadOnlyList<string> options)
    {
        var folder = Path.Combine(kernels, name);
        OutputFolder.Make(folder);
        ReportFile.Write(Path.Combine(folder, FileName), Json(options).ToJsonString(Format) + "\n");
        return folder;
    }

    /// <summary>Removes the kernelspec; false where there is none.</summary>
    /// <exception cref="IOException">The folder is not one that this kernel has written.</exception>
    public static bool Uninstall(string kernels, string name)
    {
        var folder = Path.Combine(kernels, name);
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file)) return false;
        if (!IsOurs(file)) throw new IOException($"{folder} is another kernel's; it is left alone.");
        File.Delete(file);
        if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        return true;
    }

    /// <summary>
    /// How to start a program: by the command of the .NET tool that it is, which stays when the tool is updated; else the compiled binary itself, or
    /// the .NET host with the assembly.
    /// </summary>
    /// <param name="assembly">The program's assembly.</param>
    public static IReadOnlyList<string> Program(string assembly)
    {
        var ending = OperatingSystem.IsWindows() ? ".exe" : null;
        // dotnet tool install puts FOLDER/quantnb beside FOLDER/.store/quantnb/VERSION/…/quantnb.dll.
        var parts = assembly.Split(Path.DirectorySeparatorChar);
        var store = Array.LastIndexOf(parts, ".store");
        var command = store < 0 ? null : string.Join(Path.DirectorySeparatorChar, parts[..store].Append(Path.ChangeExtension(parts[^1], ending)!));
        var binary = Path.ChangeExtension(assembly, ending);
        return command is not null && File.Exists(command) ? [command] : File.Exists(binary) ? [binary] : ["dotnet", assembly];
    }

    /// <summary>Whether an assembly holds machine code, so that it starts without being compiled.</summary>
    public static bool IsReadyCompiled(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        return file.PEHeaders.CorHeader is { ManagedNativeHeaderDirectory.Size: > 0 };
    }

    private static JsonObject Json(IReadOnlyList<string> options) => new()
    {
        ["argv"] = new JsonArray([.. Program(typeof(KernelSpec).Assembly.Location).Concat(["jupyter", "kernel", "{connection_file}", .. options]).Select(word => (JsonNode)word)]),
        ["display_name"] = KernelIdentity.DisplayName,
        ["language"] = KernelIdentity.Language,
        // A signal comes whatever the process does; a message waits for the thread pool, which completes .NET's sockets there, and a cell's tasks may keep it busy. Windows
        // has no such signal, and sockets that need no pool.
        ["interrupt_mode"] = OperatingSystem.IsWindows() ? "message" : "signal",
        ["env"] = new JsonObject(),
        ["metadata"] = new JsonObject(),
    };

    private static bool IsOurs(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file)) is JsonObject json && json.Text("display_name") == KernelIdentity.DisplayName;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? PrefixOfJupyter()
    {
        var name = OperatingSystem.IsWindows() ? "jupyter.exe" : "jupyter";
        var file = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (file is null) return null;
        var target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        return Path.GetDirectoryName(Path.GetDirectoryName(target));
    }

    [GeneratedRegex("^[A-Za-z0-9._-]+$")]
    private static partial Regex Name();
}
