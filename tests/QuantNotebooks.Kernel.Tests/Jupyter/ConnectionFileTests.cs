using System.Runtime.Versioning;
using QuantNotebooks.Kernel.Jupyter;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class ConnectionFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void AFileOpenToOthersIsClosedToThem()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        var path = folder.Write("connection.json", JupyterClient.NewConnectionFile());
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var connection = ConnectionFile.Read(path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal($"tcp://127.0.0.1:{connection.ShellPort}", connection.EndpointOf(connection.ShellPort));
    }

    [Theory]
    [InlineData("\"ip\":\"127.0.0.1\"", "\"ip\":\"0.0.0.0\"", "'0.0.0.0' is not a loopback address")]
    [InlineData("\"ip\":\"127.0.0.1\"", "\"ip\":\"192.0.2.1\"", "'192.0.2.1' is not a loopback address")]
    [InlineData("\"transport\":\"tcp\"", "\"transport\":\"ipc\"", "transport 'ipc' is not supported")]
    [InlineData("hmac-sha256", "hmac-md5", "signature_scheme 'hmac-md5' is not supported")]
    [InlineData("\"hb_port\"", "\"port\"", "'hb_port' is not a port")]
    [InlineData("}", "", "not valid JSON")]
    public void WhatTheKernelDoesNotDoIsRefused(string text, string replacement, string reason)
    {
        var path = folder.Write("connection.json", JupyterClient.NewConnectionFile().Replace(text, replacement, StringComparison.Ordinal));
        var error = Assert.Throws<ConnectionFileException>(() => ConnectionFile.Read(path));
        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed() =>
        Assert.StartsWith(folder.File("none.json"), Assert.Throws<ConnectionFileException>(() => ConnectionFile.Read(folder.File("none.json"))).Message, StringComparison.Ordinal);
}
