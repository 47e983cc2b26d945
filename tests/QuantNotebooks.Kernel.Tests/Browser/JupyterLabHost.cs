using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>A session of this kernel on a real server, in the hands of JupyterLab's own client.</summary>
internal sealed class JupyterLabHost : IAsyncDisposable
{
    private readonly JupyterNotebook _server;
    private readonly string _node;
    private readonly string _packages;

    private JupyterLabHost(JupyterNotebook server, string node, string packages) => (_server, _node, _packages) = (server, node, packages);

    public static async Task<JupyterLabHost> StartAsync(string folder)
    {
        var (node, packages) = (Installed.Require("node"), await JupyterLabPackages.InstallAsync());
        return new JupyterLabHost(await JupyterNotebook.StartAsync(folder), node, packages);
    }

    /// <summary>The processes of the server's kernels.</summary>
    public string[] Processes() => _server.Started();

    /// <summary>What a script returns that works as a page of JupyterLab would; <c>host.js</c> says what it knows.</summary>
    public async Task<JsonNode> SeeAsync(string script)
    {
        var run = await ProgramRun.OfAsync(new ProcessStartInfo(_node, ["host.js", _server.Address.ToString(), JupyterNotebook.Token, KernelIdentity.Name, script]) { WorkingDirectory = _packages });
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonNode.Parse(run.Output)!;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
