using System.Diagnostics;
using System.Text.Json.Nodes;
using NetMQ;
using QuantNotebooks.Kernel.Tests.Jupyter;

namespace QuantNotebooks.Benchmarks;

/// <summary>What a user waits for in a notebook, measured through the protocol on a kernel in a process of its own.</summary>
internal static class KernelTimes
{
    private const int Starts = 7;
    private const int WarmCells = 300;
    private const int Completions = 20;

    /// <summary>Starts the kernel of a kernelspec some times, runs cells, and writes a table with the best start and with medians.</summary>
    /// <param name="kernelspec">A <c>kernel.json</c> as <c>quantnb jupyter install</c> writes it.</param>
    public static void Measure(string kernelspec)
    {
        var words = JsonNode.Parse(File.ReadAllText(kernelspec))!["argv"]!.AsArray().Select(word => word!.GetValue<string>()).ToList();
        Console.WriteLine("start   ready s (goal 1)   CPU s   first cell s (goal 0.5)   CPU s");
        var starts = Enumerable.Range(1, Starts).Select(number => Start(words, number)).ToList();
        Console.WriteLine($"best {starts.Min(start => start.Ready),17:F2} {starts.Min(start => start.ReadyProcessor),7:F2} {starts.Min(start => start.First),25:F2} {starts.Min(start => start.FirstProcessor),7:F2}");
        Console.WriteLine();
        OneSession(words);
        ToolTimes.Measure(words[0]);
    }

    private static (double Ready, double ReadyProcessor, double First, double FirstProcessor) Start(List<string> words, int number)
    {
        using var kernel = new Kernel(words);
        var (ready, readyProcessor) = (kernel.Seconds, kernel.ProcessorSeconds);
        var (first, firstProcessor) = kernel.Time(() => kernel.Client.RunToReply("1 + 1"));
        Console.WriteLine($"{number,5} {ready,16:F2} {readyProcessor,7:F2} {first,25:F2} {firstProcessor,7:F2}");
        return (ready, readyProcessor, first, firstProcessor);
    }

    private static void OneSession(List<string> words)
    {
        using var kernel = new Kernel(words);
        var client = kernel.Client;
        client.RunToReply("1 + 1");
        Console.WriteLine($"first completion: {1000 * kernel.Time(() => Complete(client)).Seconds:F0} ms at once after the first cell, {1000 * CompletionAfterPause(words):F0} ms some seconds after it (goal 150)");
        Console.WriteLine("cells   warm cell ms, median (goal 30)   CPU ms   completion ms, median (goal 150)   resident MiB (goal 600)");
        foreach (var count in (int[])[10, WarmCells - 10])
        {
            var cells = Enumerable.Range(kernel.Cells, count).Select(cell => kernel.Time(() => client.RunToReply(CellOf(cell)))).ToList();
            kernel.Cells += count;
            var completions = Enumerable.Range(0, Completions).Select(_ => kernel.Time(() => Complete(client)).Seconds).ToList();
            Console.WriteLine(
                $"{kernel.Cells,5} {1000 * Median(cells.Select(cell => cell.Seconds)),33:F1} {1000 * cells.Average(cell => cell.Processor),8:F1} {1000 * Median(completions),34:F1} {kernel.ResidentMebibytes,25}");
        }
    }

    // By then the kernel has prepared it.
    private static double CompletionAfterPause(List<string> words)
    {
        using var kernel = new Kernel(words);
        kernel.Client.RunToReply("1 + 1");
        Thread.Sleep(TimeSpan.FromSeconds(5));
        return kernel.Time(() => Complete(kernel.Client)).Seconds;
    }

    // Cells as notebooks have them: a variable, a method, a query, a record, output.
    private static string CellOf(int cell) => (cell % 5) switch
    {
        0 => $"var v{cell} = {cell}; v{cell} * 2",
        1 => $"int F{cell}(int n) => n * {cell};\nF{cell}(2)",
        2 => $"Enumerable.Range(0, 10).Select(i => i * {cell}).Sum()",
        3 => $"record R{cell}(int A, string B);\nnew R{cell}({cell}, \"b\")",
        _ => $"for (var i = 0; i < 3; i++) Console.WriteLine($\"{{i}} {cell}\");",
    };

    private static void Complete(JupyterClient client)
    {
        var reply = client.Request("complete_request", new JsonObject { ["code"] = "Console.Wri", ["cursor_pos"] = 11 });
        if (reply.Content["matches"]!.AsArray().Count < 2) throw new InvalidDataException("Console.Wri is completed to nothing");
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : double.NaN;

    /// <summary>A kernel from its start to its answer to the first question.</summary>
    private sealed class Kernel : IDisposable
    {
        private readonly string _connection = Path.GetTempFileName();
        private readonly Process _process;

        public Kernel(List<string> words)
        {
            var connection = JupyterClient.NewConnectionFile();
            File.WriteAllText(_connection, connection);
            var clock = Stopwatch.StartNew();
            _process = Process.Start(new ProcessStartInfo(words[0], words[1..].Select(word => word == "{connection_file}" ? _connection : word)))!;
            Client = new JupyterClient(connection, awaitsOutputs: false);
            Client.Request("kernel_info_request", []);
            Seconds = clock.Elapsed.TotalSeconds;
            ProcessorSeconds = Processor;
        }

        public JupyterClient Client { get; }

        public double Seconds { get; }

        public double ProcessorSeconds { get; }

        public int Cells { get; set; }

        public long ResidentMebibytes
        {
            get
            {
                _process.Refresh();
                return _process.WorkingSet64 >> 20;
            }
        }

        public (double Seconds, double Processor) Time(Action act)
        {
            var before = Processor;
            var clock = Stopwatch.StartNew();
            act();
            return (clock.Elapsed.TotalSeconds, Processor - before);
        }

        public void Dispose()
        {
            Client.Dispose();
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            File.Delete(_connection);
        }

        private double Processor
        {
            get
            {
                _process.Refresh();
                return _process.TotalProcessorTime.TotalSeconds;
            }
        }
    }

    private static void RunToReply(this JupyterClient client, string code)
    {
        var reply = client.ReplyTo(client.BeginExecute(code));
        if (reply.Text("status") != "ok") throw new InvalidOperationException(reply.Content.ToJsonString());
    }
}
