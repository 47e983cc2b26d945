using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>The kernel as JupyterLab's own client sees it: sessions, cells, help, interrupts and comms.</summary>
[Collection(nameof(Browser))]
public sealed class JupyterLabHostTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ASessionIsFoundAgainRestartedAndShutDown()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: /proc is Linux's");
        await using var lab = await JupyterLabHost.StartAsync(folder.Path);
        var opened = await lab.SeeAsync("""
            await run('var kept = 42;');
            return { spec: specs.specs.kernelspecs[session.kernel.name], info: await kernel.info };
            """);
        Assert.Equal("C# (Quant Notebooks)", opened["spec"]!["display_name"]!.GetValue<string>());
        Assert.Equal("C#", opened["spec"]!["language"]!.GetValue<string>());
        Assert.Equal("C#", opened["info"]!["language_info"]!["name"]!.GetValue<string>());

        var again = await lab.SeeAsync("""
            const before = await run('kept');
            await kernel.restart();
            return { before, after: await run('kept') };
            """);
        Assert.Equal("42", Assert.Single(Outputs(again["before"]))["data"]!["text/plain"]!.GetValue<string>());
        Assert.Equal(1, again["after"]!["count"]!.GetValue<int>());
        Assert.Contains("'kept' does not exist", Assert.Single(Outputs(again["after"]))["evalue"]!.GetValue<string>(), StringComparison.Ordinal);

        Assert.NotEmpty(lab.Processes());
        var left = await lab.SeeAsync("""
            await session.shutdown();
            await sessions.refreshRunning();
            return Array.from(sessions.running()).length;
            """);
        Assert.Equal(0, left.GetValue<int>());
        var clock = Stopwatch.StartNew();
        while (lab.Processes().FirstOrDefault() is { } line)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"a process of the kernel outlives it: {line}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task CellsShowWhatTheyDoAndHelpIsGiven()
    {
        await using var lab = await JupyterLabHost.StartAsync(folder.Path);
        var seen = await lab.SeeAsync("""
            const first = await run('Console.Write("told"); display(HTML("<b>bold</b>")); Console.Error.Write(Console.ReadLine()); var zero = 0; zero + 42', { answer: 'typed' });
            const second = await run('1 / zero');
            const content = async (reply) => (await reply).content;
            return {
                first, second,
                completions: await content(kernel.requestComplete({ code: 'zero.Compa', cursor_pos: 10 })),
                help: await content(kernel.requestInspect({ code: 'Math.Max(1, 2)', cursor_pos: 8, detail_level: 0 })),
                states: await Promise.all(['1 + 1', 'if (zero == 0) {', 'int = 3;'].map(async (code) => (await content(kernel.requestIsComplete({ code }))).status)),
                history: await content(kernel.requestHistory({ hist_access_type: 'tail', n: 500, output: false, raw: true })),
            };
            """);
        Assert.Equal("ok", seen["first"]!["status"]!.GetValue<string>());
        var outputs = Outputs(seen["first"]);
        Assert.Equal(["stream", "display_data", "stream", "execute_result"], outputs.Select(output => output["type"]!.GetValue<string>()));
        Assert.Equal(("stdout", "told"), (outputs[0]["name"]!.GetValue<string>(), outputs[0]["text"]!.GetValue<string>()));
        Assert.Equal("<b>bold</b>", outputs[1]["data"]!["text/html"]!.GetValue<string>());
        Assert.Equal(("stderr", "typed"), (outputs[2]["name"]!.GetValue<string>(), outputs[2]["text"]!.GetValue<string>()));
        Assert.Equal("42", outputs[3]["data"]!["text/plain"]!.GetValue<string>());

        Assert.Equal("error", seen["second"]!["status"]!.GetValue<string>());
        var error = Assert.Single(Outputs(seen["second"]));
        Assert.Equal("System.DivideByZeroException", error["ename"]!.GetValue<string>());
        Assert.Contains("1 / zero", string.Join('\n', error["traceback"]!.AsArray()), StringComparison.Ordinal);

        Assert.Equal("[\"CompareTo\"]", seen["completions"]!["matches"]!.ToJsonString());
        Assert.Equal((5, 10), (seen["completions"]!["cursor_start"]!.GetValue<int>(), seen["completions"]!["cursor_end"]!.GetValue<int>()));
        Assert.Contains("Math.Max(", seen["help"]!["data"]!["text/plain"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("[\"complete\",\"incomplete\",\"invalid\"]", seen["states"]!.ToJsonString());
        Assert.Equal("1 / zero", seen["history"]!["history"]!.AsArray()[^1]![2]!.GetValue<string>());
    }

    [Fact]
    public async Task AnInterruptKeepsWhatWasMeasured()
    {
        Directory.CreateSymbolicLink(folder.File("data"), Repository.PathOf("data"));
        await using var lab = await JupyterLabHost.StartAsync(folder.Path);
        var seen = await lab.SeeAsync("""
            const sets = '--images data/fashion-mnist/test --calibration data/fashion-mnist/calibration --calibration-count 16';
            let told;
            const stopped = await run('#!quant-shift data/models/resnet14-fashion.onnx ' + sets + ' --as part', {
                onOutputs: ([bar]) => {
                    if (told) return;
                    told = /^shift: ([1-9][0-9,]*) of 10,000 images, (?!calibration)/.exec(bar.data['text/plain'])?.[1];
                    if (told) kernel.interrupt();
                },
            });
            return { told, stopped, next: await run('part.Images.Count') };
            """);
        var outputs = Outputs(seen["stopped"]);
        Assert.Equal("Interrupted: The cell was interrupted; 'part' holds what was done until then.", $"{outputs[^1]["ename"]}: {outputs[^1]["evalue"]}");
        var result = outputs[0]["data"]!["text/html"]!.GetValue<string>();
        Assert.Contains("Stopped early: measured on the first ", result, StringComparison.Ordinal);
        Assert.Contains("quant-chart", result, StringComparison.Ordinal);
        Assert.DoesNotContain("<progress", result, StringComparison.Ordinal);
        var measured = Number(Assert.Single(Outputs(seen["next"]))["data"]!["text/plain"]!);
        Assert.InRange(measured, Number(seen["told"]!), 9_999);
    }

    [Fact]
    public async Task CommsAreOpenedFromBothSides()
    {
        await using var lab = await JupyterLabHost.StartAsync(folder.Path);
        var seen = await lab.SeeAsync("""
            await run(`Comm.Register("echo", (comm, data) =>
            {
                comm.Received = (message, buffers) => comm.Send(new() { ["said"] = message["say"].DeepClone(), ["from"] = data["name"].DeepClone() }, [.. buffers]);
                comm.Closed = last => Console.Write("closed " + last["why"]);
            });`);
            const comm = kernel.createComm('echo');
            const echo = new Promise((resolve) => { comm.onMsg = resolve; });
            await comm.open({ name: 'page' }).done;
            comm.send({ say: 'hi' }, {}, [new TextEncoder().encode('binary')]);
            const { content, buffers } = await echo;
            const closing = comm.close({ why: 'done' });
            let last = '';
            closing.onIOPub = ({ content }) => { last += content.text ?? ''; };
            await closing.done;

            const line = new Promise((resolve) => kernel.registerCommTarget('gauge', (comm, { content }) => {
                const values = [content.data.value];
                comm.onMsg = ({ content }) => values.push(content.data.value);
                comm.onClose = () => resolve(values);
            }));
            await run('var line = Comm.Open("gauge", new() { ["value"] = 1 }); line.Send(new() { ["value"] = 2 }); line.Close();');
            return { echo: content.data, binary: new TextDecoder().decode(buffers[0]), last, values: await line };
            """);
        Assert.Equal("""{"echo":{"said":"hi","from":"page"},"binary":"binary","last":"closed done","values":[1,2]}""", seen.ToJsonString());
    }

    private static JsonNode[] Outputs(JsonNode? run) => [.. run!["outputs"]!.AsArray().Select(output => output!)];

    private static int Number(JsonNode text) => int.Parse(text.GetValue<string>(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
