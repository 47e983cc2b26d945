using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Tests.Jupyter;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

public sealed class JupyterCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task InstallWritesAKernelspecThatStartsTheKernelAndUninstallRemovesIt()
    {
        var (exitCode, output, note) = await Cli.InvokeAsync("jupyter", "install", "--path", folder.Path, "--name", "mine");
        Assert.Equal((ExitCode.Done, folder.File("mine") + "\n"), (exitCode, output));
        Assert.StartsWith("note: this build of quantnb is compiled anew at each start", note, StringComparison.Ordinal);
        var spec = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder.File("mine"), "kernel.json"), TestContext.Current.CancellationToken))!;
        var words = spec["argv"]!.AsArray().Select(word => word!.GetValue<string>()).ToList();
        Assert.Equal(["jupyter", "kernel", "{connection_file}"], words[^3..]);
        Assert.Equal(("C#", OperatingSystem.IsWindows() ? "message" : "signal"), (spec["language"]!.GetValue<string>(), spec["interrupt_mode"]!.GetValue<string>()));
        Serve(words);
        Assert.Equal(ExitCode.Done, (await Cli.InvokeAsync("jupyter", "uninstall", "--path", folder.Path, "--name", "mine")).ExitCode);
        Assert.False(Directory.Exists(folder.File("mine")));
    }

    [Theory]
    [InlineData("VIRTUAL_ENV")]
    [InlineData("CONDA_PREFIX")]
    public async Task SysPrefixIsTheActivePythonEnvironment(string variable)
    {
        // A process of its own, for the environment is that of the whole process.
        var start = new ProcessStartInfo("dotnet", [typeof(ExitCode).Assembly.Location, "jupyter", "install", "--sys-prefix", "--name", "mine"]) { RedirectStandardOutput = true };
        start.Environment.Remove("VIRTUAL_ENV");
        start.Environment[variable] = folder.Path;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var kernelspec = folder.File("share/jupyter/kernels/mine");
        Assert.Equal((ExitCode.Done, kernelspec), (process.ExitCode, output.Trim()));
        Assert.True(File.Exists(Path.Combine(kernelspec, "kernel.json")));
    }

    [Fact]
    public void AToolIsStartedByItsCommandWhichAnUpdateKeeps()
    {
        var inStore = folder.File(".store/quantnb/1.0.0/quantnb.linux-x64/1.0.0/tools/net10.0/linux-x64");
        Directory.CreateDirectory(inStore);
        var assembly = Path.Combine(inStore, "quantnb.dll");
        var ending = OperatingSystem.IsWindows() ? ".exe" : "";
        Assert.Equal(["dotnet", assembly], KernelSpec.Program(assembly));
        File.WriteAllText(Path.Combine(inStore, "quantnb" + ending), "");
        Assert.Equal([Path.Combine(inStore, "quantnb" + ending)], KernelSpec.Program(assembly));
        var command = folder.Write("quantnb" + ending, "");
        Assert.Equal([command], KernelSpec.Program(assembly));
    }

    [Fact]
    public void MachineCodeIsTold()
    {
        Assert.True(KernelSpec.IsReadyCompiled(typeof(object).Assembly.Location)); // the runtime's own has it
        Assert.False(KernelSpec.IsReadyCompiled(typeof(ExitCode).Assembly.Location));
    }

    [Fact]
    public async Task UninstallLeavesOtherKernelsAlone()
    {
        Directory.CreateDirectory(folder.File("python3"));
        folder.Write("python3/kernel.json", "{\"display_name\": \"Python 3\"}");
        var (exitCode, _, error) = await Cli.InvokeAsync("jupyter", "uninstall", "--path", folder.Path, "--name", "python3");
        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.Contains("another kernel's", error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("python3/kernel.json")));
        Assert.Equal(ExitCode.Failed, (await Cli.InvokeAsync("jupyter", "uninstall", "--path", folder.Path, "--name", "none")).ExitCode);
    }

    [Theory]
    [InlineData("--name", "a/b")]
    [InlineData("--path", "x", "--sys-prefix")]
    public async Task WordsThatMakeNoSenseAreRefused(params string[] words) =>
        Assert.Equal(ExitCode.WrongUsage, (await Cli.InvokeAsync(["jupyter", "install", .. words])).ExitCode);

    // A process of its own, as Jupyter starts it: SIGINT stops the cell, not the kernel, and threads of cells do not keep it from ending.
    private void Serve(List<string> words)
    {
        var connection = JupyterClient.NewConnectionFile();
        words[^1] = folder.Write("connection.json", connection);
        using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true })!;
        try
        {
            using var client = new JupyterClient(connection);
            var id = client.BeginExecute("Console.Write(\"begun\"); new Thread(() => Thread.Sleep(-1)).Start(); while (true) { }");
            client.Await(id, "stream");
            if (!OperatingSystem.IsWindows()) Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
            else client.Send(client.Control, "interrupt_request", []);
            Assert.Equal("Interrupted", client.ReplyTo(id).Text("ename"));
            Assert.Equal("2", client.Value("1 + 1"));
            var shutdown = client.ReplyTo(client.Send(client.Control, "shutdown_request", new JsonObject { ["restart"] = false }), client.Control);
            Assert.False(shutdown.Content["restart"]!.GetValue<bool>());
            Assert.True(process.WaitForExit(10_000));
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
