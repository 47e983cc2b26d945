using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>One page in a headless Chromium, driven by the DevTools protocol. Not thread safe: one test drives it.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _profile;
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly List<string> _errors = [];
    private int _lastId;

    private Chromium(TemporaryFolder profile, Process process) => (_profile, _process) = (profile, process);

    /// <summary>What the page's scripts threw and nobody caught.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Starts a browser that shows an empty page.</summary>
    public static async Task<Chromium> StartAsync(int width = 1280, int height = 1000)
    {
        var program = Installed.Require("chromium", "chromium-browser", "google-chrome");
        var profile = new TemporaryFolder();
        var process = Process.Start(new ProcessStartInfo(program,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-quic", "--remote-debugging-port=0", $"--window-size={width},{height}", $"--user-data-dir={profile.Path}", "about:blank",
        ]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var chromium = new Chromium(profile, process);
        try
        {
            await chromium.ConnectAsync();
            return chromium;
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
    }

    public Task OpenAsync(string address) => CallAsync("Page.navigate", new JsonObject { ["url"] = address });

    /// <summary>The value of an expression in the page; a promise's when it is kept.</summary>
    public async Task<JsonNode?> EvaluateAsync(string script)
    {
        var answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = script, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.True(answer["exceptionDetails"] is null, $"{script}: {answer["exceptionDetails"]?.ToJsonString()}");
        return answer["result"]!["value"];
    }

    public async Task<string> TextAsync(string script) => (await EvaluateAsync($"String({script})"))!.GetValue<string>();

    /// <summary>Waits until an expression in the page is true.</summary>
    public async Task WaitForAsync(string condition, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        while (!(await EvaluateAsync($"Boolean({condition})"))!.GetValue<bool>())
        {
            Assert.True(clock.Elapsed < (patience ?? Patience), $"not within {patience ?? Patience}: {condition}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Roles of what a screen reader would find without a name: links, controls, pictures, tables' boxes and regions, by the browser's own accessibility tree.</summary>
    public async Task<IReadOnlyList<string>> NamelessAsync()
    {
        var tree = await CallAsync("Accessibility.getFullAXTree", []);
        return [.. tree["nodes"]!.AsArray().Where(node => node!["ignored"]?.GetValue<bool>() != true && node["role"] is not null)
            .Select(node => (Role: node!["role"]!["value"]!.GetValue<string>(), Name: node["name"]?["value"]?.GetValue<string>() ?? ""))
            .Where(node => NamedRoles.Contains(node.Role) && node.Name.Trim().Length == 0).Select(node => node.Role)];
    }

    private static readonly HashSet<string> NamedRoles =
        ["link", "button", "combobox", "checkbox", "radio", "slider", "textbox", "image", "figure", "region", "navigation", "heading", "DisclosureTriangle"];

    /// <summary>Moves the mouse to a point of the window, in CSS pixels.</summary>
    public async Task HoverAsync(double x, double y)
    {
        foreach (var step in (double[])[-3, 0]) // a jump alone is no movement to some scripts
            await CallAsync("Input.dispatchMouseEvent", new JsonObject { ["type"] = "mouseMoved", ["x"] = x + step, ["y"] = y });
    }

    public Task UseColourSchemeAsync(string scheme) => CallAsync("Emulation.setEmulatedMedia", new JsonObject
    {
        ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }),
    });

    /// <summary>Keeps a picture of the page where QUANTNB_SCREENSHOTS names a folder, for people to look at.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("QUANTNB_SCREENSHOTS") is not { Length: > 0 } folder) return;
        var picture = await CallAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png" });
        await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), Convert.FromBase64String(picture["data"]!.GetValue<string>()), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        // Its helpers end a moment after it, and write to the profile until then.
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                _profile.Dispose();
                return;
            }
            catch (IOException) when (attempt < 50)
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task ConnectAsync()
    {
        var file = _profile.File("DevToolsActivePort");
        var clock = Stopwatch.StartNew();
        string[] lines = [];
        while (lines.Length < 2)
        {
            Assert.True(clock.Elapsed < Patience && !_process.HasExited, "Chromium does not start.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
            if (File.Exists(file)) lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        }
        using var http = new HttpClient();
        var targets = await http.GetFromJsonAsync<JsonArray>($"http://127.0.0.1:{lines[0]}/json/list", TestContext.Current.CancellationToken);
        var page = targets!.First(target => target!["type"]!.GetValue<string>() == "page")!["webSocketDebuggerUrl"]!.GetValue<string>();
        await _socket.ConnectAsync(new Uri(page), TestContext.Current.CancellationToken);
        foreach (var domain in (string[])["Page", "Runtime"]) await CallAsync(domain + ".enable", []);
    }

    private async Task<JsonObject> CallAsync(string method, JsonObject parameters)
    {
        var id = ++_lastId;
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        await _socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
        while (true)
        {
            var message = await ReceiveAsync(patience.Token);
            if (message["method"]?.GetValue<string>() == "Runtime.exceptionThrown") _errors.Add(message["params"]!.ToJsonString());
            if (message["id"]?.GetValue<int>() != id) continue;
            Assert.True(message["error"] is null, $"{method}: {message["error"]?.ToJsonString()}");
            return message["result"]!.AsObject();
        }
    }

    private async Task<JsonNode> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer, cancellationToken);
            text.Write(buffer, 0, part.Count);
            if (part.EndOfMessage) return JsonNode.Parse(text.ToArray())!;
        }
    }
}
