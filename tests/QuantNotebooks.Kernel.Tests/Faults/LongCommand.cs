using System.Text.Json;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A command that takes a while and writes files.</summary>
/// <param name="Name">What tests call it.</param>
/// <param name="Words">Its words; '@' is the folder of outputs.</param>
/// <param name="Outputs">The files that it writes and that are the same at every run, in the folder.</param>
/// <param name="Others">The files that it writes and that differ from run to run, for they hold identifiers or times.</param>
public sealed record LongCommand(string Name, string Words, string[] Outputs, string[] Others)
{
    private const string Fast = " --images {images} --count 64";

    internal static LongCommand[] All { get; } =
    [
        new("shift", "shift {net} --images {images} --count 64 --calibration {test} --calibration-count 32 --statistics @s.qns --json @shift.json", ["s.qns", "shift.json"], []),
        new("correct", "correct {net}" + Fast + " --out @c.onnx --json @c.json", ["c.onnx", "c.json"], []),
        new("fine-tune", "correct {net}" + Fast + " --method fine-tune --epochs 3 --checkpoint @state.json --out @t.onnx --json @t.json", ["t.onnx", "t.json"], ["state.json"]),
        new("compare", "compare {net} {mobile} --images {test} --count 64 --calibration {images} --calibration-count 32 --json @compare.json --html @compare.html", ["compare.json"], ["compare.html"]),
        new("report", "report {net} --images {images} --count 16 --held-out 16 --budget 1h --json @report.json --html @report.html", ["report.json"], ["report.html"]),
        new("run", "run @n.ipynb --out @o", ["o/n.ipynb"], ["o/n.html"]),
    ];

    /// <summary>The notebook that 'run' runs: its cells have identifiers, so that two runs write the same.</summary>
    internal const string Notebook = """
        {"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[
        {"cell_type":"code","id":"one","metadata":{},"source":"var x = Enumerable.Range(0, 1000).Sum(); x","outputs":[],"execution_count":null},
        {"cell_type":"code","id":"two","metadata":{},"source":"for (var i = 0; i < 20; i++) { Console.WriteLine(i); Thread.Sleep(20); }","outputs":[],"execution_count":null}]}
        """;

    internal string[] In(string folder) => Words.Replace("{net}", Cli.Model(Cli.ResNet), StringComparison.Ordinal).Replace("{mobile}", Cli.Model(Cli.MobileNetV2), StringComparison.Ordinal)
        .Replace("{images}", Cli.Calibration, StringComparison.Ordinal).Replace("{test}", Cli.Test, StringComparison.Ordinal).Replace("@", folder + "/", StringComparison.Ordinal).Split(' ');

    /// <summary>Fails where a file is there in half. Names of temporary files may be left behind by a kill; they are no outputs.</summary>
    internal static void AssertWhole(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            switch (Path.GetExtension(file))
            {
                case ".json" or ".ipynb": JsonDocument.Parse(File.ReadAllText(file)).Dispose(); break;
                case ".html": Assert.EndsWith("</html>", File.ReadAllText(file).TrimEnd(), StringComparison.Ordinal); break;
                case ".onnx": Assert.NotEmpty(Network.Load(file).Layers); break;
                case ".qns": Assert.NotEmpty(QuantNotebooks.Export.StatisticsFile.Load(file).Layers); break;
                case ".tmp": break;
                default: Assert.Fail($"Nobody writes '{file}'."); break;
            }
        }
    }

    public override string ToString() => Name;
}
