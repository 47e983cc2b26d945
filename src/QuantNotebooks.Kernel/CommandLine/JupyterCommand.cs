using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using NetMQ;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary><c>quantnb jupyter install|uninstall|kernel</c>: the kernel for Jupyter, and how Jupyter gets to know it.</summary>
internal static class JupyterCommand
{
    public const string Name = "jupyter";

    public const string Example = "install";

    /// <summary>The command that serves; it handles signals by itself.</summary>
    public const string KernelName = "kernel";

    private const string NotCompiled =
        "note: this build of quantnb is compiled anew at each start, which takes the kernel some seconds; the package for your platform is compiled already (README).";

    private static readonly Option<string> KernelspecName = new("--name")
    {
        Description = "Name of the kernelspec.", HelpName = "NAME", DefaultValueFactory = _ => KernelIdentity.Name,
        Validators = { RequireName },
    };

    private static readonly Option<string> Folder = new("--path") { Description = "Folder of kernelspecs: the kernelspec is DIR/NAME/kernel.json.", HelpName = "DIR" };

    private static readonly Option<bool> SysPrefix = new("--sys-prefix") { Description = "For the active Python environment instead of the user." };

    private static readonly Option<bool> Preview = new("--preview") { Description = "Let cells use features of the next version of C#." };

    public static Command Create() => new(Name, "The C# kernel for Jupyter Notebook, JupyterLab and VS Code.") { Install(), Uninstall(), Kernel() };

    private static Command Install()
    {
        var command = WithFolders("install", "Let Jupyter know this kernel.");
        command.Options.Add(Preview);
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine(KernelSpec.Install(FolderOf(parsed), parsed.GetValue(KernelspecName)!, parsed.GetValue(Preview) ? [Preview.Name] : []));
            if (!KernelSpec.IsReadyCompiled(typeof(JupyterCommand).Assembly.Location)) parsed.InvocationConfiguration.Error.WriteLine(NotCompiled);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Uninstall()
    {
        var command = WithFolders("uninstall", "Let Jupyter forget this kernel.");
        command.SetAction(parsed =>
        {
            var (folder, name) = (FolderOf(parsed), parsed.GetValue(KernelspecName)!);
            if (KernelSpec.Uninstall(folder, name)) return ExitCode.Done;
            parsed.InvocationConfiguration.Error.WriteLine($"There is no kernelspec '{name}' in {folder}.");
            return ExitCode.Failed;
        });
        return command;
    }

    private static Command Kernel()
    {
        var file = new Argument<string>("CONNECTION_FILE") { Description = "The file in which the client says where to listen." };
        var command = new Command(KernelName, "Serve as a kernel; Jupyter calls this.") { file, Preview };
        command.SetAction((parsed, _) => ServeAsync(parsed.GetValue(file)!, parsed.GetValue(Preview)));
        return command;
    }

    private static Command WithFolders(string name, string help)
    {
        var command = new Command(name, help) { KernelspecName, Folder, SysPrefix };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Folder) is not null && result.GetValue(SysPrefix)) result.AddError("--path and --sys-prefix say different folders; give one of them.");
        });
        return command;
    }

    private static void RequireName(OptionResult result)
    {
        if (result.GetValueOrDefault<string>() is { } name && !KernelSpec.IsName(name))
            result.AddError($"--name must consist of letters, digits, '.', '_' and '-', not '{name}'.");
    }

    private static string FolderOf(ParseResult parsed)
    {
        if (parsed.GetValue(Folder) is { } folder) return folder;
        if (!parsed.GetValue(SysPrefix)) return KernelSpec.UserFolder;
        return KernelSpec.EnvironmentFolder
            ?? throw new CommandUsageException("--sys-prefix: no Python environment is active, and the shell finds no 'jupyter'; use --path, or install for the user.");
    }

    private static async Task<int> ServeAsync(string path, bool preview)
    {
        var connection = ConnectionFile.Read(path);
        using var session = new NotebookSession(() => NotebookEnvironment.Options(null, preview));
        // What the first cell needs is read while the sockets are opened; who waits for it hears of its failure.
        _ = session.StartAsync();
        using var running = new RunningCellFile(path);
        LastWords.Keep(running.Path);
        using var kernel = Open(connection, session, running, path);
        // Jupyter sends the signal to interrupt a cell, and to the whole group when its own console is interrupted; it stops a cell, never the kernel.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            kernel.Interrupt();
        });
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            kernel.Stop();
        });
        using var watch = new UnexpectedExit(kernel.Dispose);
        using var parent = ParentWatch.Start(kernel.Stop);
        using var ended = new CancellationTokenSource();
        var warmUp = Task.Run(() => session.WarmUpAsync(ended.Token), CancellationToken.None);
        await kernel.RunAsync().ConfigureAwait(false);
        ended.Cancel();
        await warmUp.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCode.Done;
    }

    private static JupyterKernel Open(ConnectionFile connection, NotebookSession session, RunningCellFile running, string path)
    {
        try
        {
            return new JupyterKernel(connection, session, running);
        }
        catch (NetMQException exception)
        {
            throw new ConnectionFileException(path, $"a port cannot be opened: {exception.Message}", exception);
        }
    }
}
