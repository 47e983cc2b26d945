using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Tests.Jupyter;
using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Security;

/// <summary>What a kernel listens to, and what a notebook's page takes from the machine. SECURITY.md says what is promised.</summary>
public sealed class BoundaryTests(RunningKernel kernel) : IClassFixture<RunningKernel>
{
    [Fact]
    public void TheKernelListensOnLoopbackOnly()
    {
        var connection = JsonNode.Parse(kernel.ConnectionFileText)!;
        var ports = new[] { "shell_port", "control_port", "iopub_port", "stdin_port", "hb_port" }.Select(name => connection[name]!.GetValue<int>()).ToHashSet();
        var listening = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(endpoint => ports.Contains(endpoint.Port)).ToList();
        Assert.Equal(ports, listening.Select(endpoint => endpoint.Port).ToHashSet());
        Assert.All(listening, endpoint => Assert.True(IPAddress.IsLoopback(endpoint.Address), $"{endpoint}"));
    }

    [Theory]
    [InlineData("inner/own.png", true)]
    [InlineData("inner/../inner/own.png", true)]
    [InlineData("../secret.png", false)]
    [InlineData("inner/../../secret.png", false)]
    [InlineData("%2e%2e/secret.png", false)]
    [InlineData("ABSOLUTE", false)]
    [InlineData("linked.png", false)]
    [InlineData("linked/secret.png", false)]
    public void APageHoldsPicturesOfItsNotebooksFolderOnly(string link, bool isHeld)
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.File("study/n.ipynb");
        Directory.CreateDirectory(folder.File("study/inner"));
        byte[] secret = [.. "only for the owner"u8];
        File.WriteAllBytes(folder.File("secret.png"), secret);
        File.WriteAllBytes(folder.File("study/inner/own.png"), secret);
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(folder.File("study/linked.png"), folder.File("secret.png"));
            Directory.CreateSymbolicLink(folder.File("study/linked"), folder.Path);
        }
        var document = NotebookDocument.Parse(TestNotebook.Json($"# A picture\n![p]({link.Replace("ABSOLUTE", folder.File("secret.png"), StringComparison.Ordinal)})"), notebook);
        Assert.Equal(isHeld, HtmlExport.ToHtml(document, notebook).Contains(Convert.ToBase64String(secret), StringComparison.Ordinal));
    }
}
