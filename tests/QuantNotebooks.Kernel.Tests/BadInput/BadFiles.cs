using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using QuantNotebooks.Export;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.BadInput;

/// <summary>A folder with a file for every way to be wrong, and the names by which tables call it and the repository's own files.</summary>
public sealed class BadFiles : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private readonly (string Name, string Path)[] _names;

    public BadFiles()
    {
        _names =
        [
            ("{net}", Cli.Model(Cli.ResNet)), ("{mobile}", Cli.Model(Cli.MobileNetV1)), ("{reader}", Cli.Model("ppocr-v4-text-recognition")), ("{images}", Cli.Calibration),
            ("{test}", Cli.Test), ("{models}", Path.GetDirectoryName(Cli.Model(Cli.ResNet))!), ("{lines}", Repository.PathOf("data", "text-lines", "test")), ("@", _folder.Path + "/"), ("{folder}", _folder.Path),
        ];
        Networks();
        BadGraphs.WriteTo(Write);
        Pictures();
        Arrays();
        Sidecars();
        Statistics();
        Notebooks();
    }

    /// <summary>The folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>Puts paths in the place of names.</summary>
    public string WithPaths(string text) => _names.Aggregate(text, (said, name) => said.Replace(name.Name, name.Path, StringComparison.Ordinal));

    /// <summary>Puts names in the place of paths.</summary>
    public string WithNames(string text) => _names.Aggregate(text, (said, name) => said.Replace(name.Path, name.Name, StringComparison.Ordinal));

    /// <summary>Every file below the folder with its length and time, to find what was left behind or changed.</summary>
    public IReadOnlyList<string> Listing() =>
        [.. new DirectoryInfo(Folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(entry => $"{entry.FullName} {(entry as FileInfo)?.Length} {entry.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Dispose();

    private void Networks()
    {
        var network = File.ReadAllBytes(Cli.Model(Cli.ResNet));
        Write("net.onnx", network);
        Copy(Path.ChangeExtension(Cli.Model(Cli.ResNet), ".task.json"), "net.task.json");
        Write("alone.onnx", network);
        Write("cut.onnx", network[..(network.Length / 2)]);
        Write("head.onnx", network[..10]);
        Write("empty.onnx", []);
        Write("picture.onnx", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
        Write("letter.onnx", "Dear reader, this is no network.\n");
        Write("json.onnx", "{\"ir_version\": 7}");
        Write("zip.onnx", Zip(("a.txt", "x"u8.ToArray())));
        Write("zeros.onnx", new byte[1000]);
        Write("array.onnx", Npy("<f4", "(2, 2)", new byte[16]));
        Directory.CreateDirectory(_folder.File("folder.onnx"));
    }

    private void Pictures()
    {
        _folder.WriteIdx("none", count: 0, side: 28);
        _folder.WriteIdx("small", count: 3, side: 20);
        var good = File.ReadAllBytes(_folder.WriteIdx("good", count: 8, side: 28));
        Write("labels-of-other-length/x-images-idx3-ubyte", good);
        Write("labels-of-other-length/x-labels-idx1-ubyte", Idx(1, [5], new byte[5]));
        Write("labels-that-are-images/x-images-idx3-ubyte", good);
        Write("labels-that-are-images/x-labels-idx1-ubyte", good);
        Write("labels-of-no-class/x-images-idx3-ubyte", good);
        Write("labels-of-no-class/x-labels-idx1-ubyte", Idx(1, [8], [0, 1, 2, 3, 4, 5, 6, 77]));
        Write("cut-images-idx3-ubyte", good[..100]);
        Write("head-images-idx3-ubyte", good[..7]);
        Write("long-images-idx3-ubyte", [.. good, 0]);
        Write("magic-images-idx3-ubyte", [1, .. good[1..]]);
        Write("crc-images-idx3-ubyte.gz", Damaged(Gzip(good)));
        Write("half-images-idx3-ubyte.gz", Gzip(good)[..60]);
        Write("text-images-idx3-ubyte.gz", "no gzip at all"u8.ToArray());
        Directory.CreateDirectory(_folder.File("nothing"));
        Write("words/readme.txt", "no image"u8.ToArray());
        Write("only-labels/x-labels-idx1-ubyte", Idx(1, [2], [0, 1]));
        var png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==");
        Write("broken-png/a.png", png[..40]);
        Write("empty-png/a.png", []);
        Write("text-png/a.png", "a picture, it says"u8.ToArray());
        Write("gif/a.gif", "GIF89a"u8.ToArray());
        Write("tiny-png/a.png", png);
        Table("no-header", "a.png,cat\n");
        Table("no-rows", "file,label\n");
        Table("missing-image", "file,label\nb.png,cat\n");
        Table("twice", "file,label\na.png,cat\na.png,dog\n");
        Table("outside", "file,label\n../tiny-png/a.png,cat\n");
        Table("absolute", "file,label\n/etc/hostname,cat\n");
        Table("open-quote", "file,label\na.png,\"cat\n");
        Table("one-column", "file,label\na.png\n");
        Table("latin", (byte[])[.. "file,label\na.png,caf"u8, 0xE9, 0x0A]);

        void Table(string name, object text)
        {
            Write($"{name}/labels.csv", text as byte[] ?? Encoding.UTF8.GetBytes((string)text));
            Write($"{name}/a.png", png);
        }
    }

    private void Arrays()
    {
        var floats = new byte[4 * 1024];
        Write("wrong-shape.npy", Npy("<f4", "(2, 3, 4)", new byte[96]));
        Write("doubles.npy", Npy("<f8", "(1, 1, 2, 2)", new byte[32]));
        Write("fortran.npy", Npy("<f4", "(1, 1, 32, 32)", floats, fortran: true));
        Write("cut.npy", Npy("<f4", "(1, 1, 32, 32)", floats)[..500]);
        Write("vector.npy", Npy("<f4", "(4,)", new byte[16]));
        Write("zero.npy", Npy("<f4", "(0, 1, 32, 32)", []));
        Write("huge.npy", Npy("<f4", "(99999999999, 1)", new byte[16]));
        Write("text.npy", "no array"u8.ToArray());
        Write("colour.npy", Npy("<f4", "(1, 3, 4, 4)", new byte[192]));
        Write("plane.npy", Npy("<f4", "(1, 1, 32, 32)", floats));
        Write("planes.npy", Npy("<f4", "(4, 1, 32, 32)", new byte[4 * 4096]));
        Write("nan.npy", Npy("<f4", "(1, 1, 32, 32)", [.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), 1024).SelectMany(bytes => bytes)]));
        Write("empty.npz", Zip());
        Write("text.npz", "no archive"u8.ToArray());
        Write("two.npz", Zip(("a.npy", Npy("<f4", "(1, 1, 2, 2)", new byte[16])), ("b.npy", Npy("<f4", "(1, 1, 2, 2)", new byte[16]))));
        Write("labels-only.npz", Zip(("labels.npy", Npy("<i4", "(1,)", new byte[4]))));
        Write("label-count.npz", Zip(("x.npy", Npy("<f4", "(1, 1, 32, 32)", floats)), ("labels.npy", Npy("<i4", "(2,)", new byte[8]))));
        Write("label-negative.npz", Zip(("x.npy", Npy("<f4", "(1, 1, 32, 32)", floats)), ("labels.npy", Npy("<i4", "(1,)", BitConverter.GetBytes(-1)))));
        Write("outside.npz", Zip(("../x.txt", "x"u8.ToArray())));
    }

    private void Sidecars()
    {
        var good = File.ReadAllText(Path.ChangeExtension(Cli.Model(Cli.ResNet), ".task.json"));
        Sidecar("task-text", "this is no JSON");
        Sidecar("task-empty", "");
        Sidecar("task-list", "[]");
        Sidecar("task-cut", good[..(good.Length / 2)]);
        Sidecar("task-twice", good.Replace("\"task\"", "\"input\": {}, \"task\"", StringComparison.Ordinal));
        Change("task-no-input", json => json.Remove("input"));
        Change("task-no-task", json => json.Remove("task"));
        Change("task-unknown", json => json["colour"] = "red");
        Change("task-layout", json => json["input"]!["layout"] = "CHWN");
        Change("task-channels", json => json["input"]!["channels"] = "cmyk");
        Change("task-size", json => json["input"]!["size"] = new JsonArray(32));
        Change("task-size-negative", json => json["input"]!["size"] = new JsonArray(-32, 32));
        Change("task-size-other", json => json["input"]!["size"] = new JsonArray(20, 20));
        Change("task-name", json => json["input"]!["name"] = "elsewhere");
        Change("task-std", json => json["input"]!["std"] = new JsonArray(0.0));
        Change("task-mean", json => json["input"]!["mean"] = new JsonArray(0.1, 0.2));
        Change("task-pad", json => json["input"]!["pad"] = "two");
        Change("task-scale", json => json["input"]!["scale"] = "much");
        Change("task-kind", json => json["task"]!["kind"] = "detection");
        Change("task-labels", json => json["task"]!["labels"] = "T-shirt");
        Change("task-label-count", json => json["task"]!["labels"] = new JsonArray("one", "two"));
        Change("task-no-characters", json => json["task"] = new JsonObject { ["kind"] = "ctc", ["characters"] = "none.txt", ["blank"] = 0 });
        Change("task-characters-outside", json => json["task"] = new JsonObject { ["kind"] = "ctc", ["characters"] = "../../etc/passwd", ["blank"] = 0 });

        void Change(string name, Action<JsonObject> change)
        {
            var json = JsonNode.Parse(good)!.AsObject();
            change(json);
            Sidecar(name, json.ToJsonString());
        }

        void Sidecar(string name, string text)
        {
            Copy(Cli.Model(Cli.ResNet), name + ".onnx");
            Write(name + ".task.json", Encoding.UTF8.GetBytes(text));
        }
    }

    private void Statistics()
    {
        var network = Cli.Load(Cli.ResNet);
        var images = Cli.CalibrationImages(16);
        var (scheme, ranges) = (QuantizationScheme.Int8PerTensor, network.MeasureMeanShift(images, QuantizationScheme.Int8PerTensor).Ranges);
        SavedShift Part(int first, QuantizationScheme of) => SavedShift.Of(network.MeasureMeanShift(images.Skip(first).Take(8), of, new() { Ranges = ranges }), images, first);
        Part(0, scheme).Save(_folder.File("first.qns"));
        Part(8, scheme.WithBits(4)).Save(_folder.File("other-scheme.qns"));
        var bytes = File.ReadAllBytes(_folder.File("first.qns"));
        Write("cut.qns", bytes[..^7]);
        Write("damaged.qns", [.. bytes[..200], (byte)(bytes[200] ^ 1), .. bytes[201..]]);
        Write("text.qns", "no statistics"u8.ToArray());
        Write("empty.qns", []);
        Write("scheme.json", "{\"contract\": 1}"u8.ToArray());
        Write("bits.json", "{\"scheme\": {\"weightBits\": 99}}"u8.ToArray());
        Write("text.json", "no JSON"u8.ToArray());
    }

    private void Notebooks()
    {
        Write("good.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("1 + 1")));
        Write("fails.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("1", "throw new InvalidOperationException(\"boo\");")));
        Write("does-not-compile.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("int x = \"text\";")));
        Write("missing-network.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("Network.Load(\"none.onnx\")")));
        Write("endless.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("while (true) { }")));
        Write("bad-magic.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("#!quant-shfit net")));
        Write("inner/good.ipynb", Encoding.UTF8.GetBytes(TestNotebook.Json("2 + 2")));
        foreach (var (name, text) in new[]
        {
            ("text", "no notebook"), ("empty", ""), ("list", "[]"), ("cut", "{\"nbformat\": 4, \"cells\": ["), ("version", "{\"nbformat\": 3, \"worksheets\": []}"), ("no-version", "{\"cells\": []}"),
            ("no-cells", "{\"nbformat\": 4}"), ("cells-number", "{\"nbformat\": 4, \"cells\": 7}"), ("cell-number", "{\"nbformat\": 4, \"cells\": [7]}"),
            ("cell-type", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"heading\", \"source\": \"\"}]}"), ("cell-type-lines", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"two\\nlines\", \"source\": \"\"}]}"), ("no-cell-type", "{\"nbformat\": 4, \"cells\": [{\"source\": \"\"}]}"),
            ("no-source", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\"}]}"), ("source-number", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": [1]}]}"),
            ("outputs", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": \"\", \"outputs\": {}}]}"), ("metadata", "{\"nbformat\": 4, \"metadata\": [], \"cells\": []}"),
            ("output-data", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": \"\", \"outputs\": [{\"output_type\": \"display_data\", \"data\": [null], \"metadata\": {}}]}]}"),
            ("cell-metadata", "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": \"\", \"metadata\": 1}]}"),
            ("twice", "{\"nbformat\": 4, \"cells\": [], \"cells\": []}"), ("python", "{\"nbformat\": 4, \"metadata\": {\"kernelspec\": {\"language\": \"python\"}}, \"cells\": []}"),
        })
            Write(name + ".ipynb", Encoding.UTF8.GetBytes(text));
        Write("latin.ipynb", [0x7B, 0xE9, 0x7D]);
        Directory.CreateDirectory(_folder.File("folder.ipynb"));
        Write("json.dib", "{\"nbformat\": 4}"u8.ToArray());
        Write("binary.dib", [0, 1, 2]);
        Write("meta.dib", "#!meta\n{ no JSON\n#!csharp\n1"u8.ToArray());
        Write("good.dib", "#!csharp\n1 + 1"u8.ToArray());
        foreach (var (name, text) in new[]
        {
            ("text", "no JSON"), ("list", "[]"), ("transport", "{\"transport\": \"ipc\"}"), ("ip", "{\"ip\": \"0.0.0.0\"}"), ("scheme", "{\"key\": \"k\", \"signature_scheme\": \"hmac-md5\"}"),
            ("port", "{\"shell_port\": 70000}"), ("no-port", "{}"), ("key", "{\"key\": 1}"),
        })
            Write($"connection-{name}.json", Encoding.UTF8.GetBytes(text));
    }

    private void Copy(string from, string name) => File.Copy(from, _folder.File(name));

    private void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    private void Write(string name, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), bytes);
    }

    private static byte[] Idx(byte dimensions, int[] lengths, byte[] values) =>
        [0, 0, 8, dimensions, .. lengths.SelectMany(length => BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(length))), .. values];

    private static byte[] Npy(string type, string shape, byte[] values, bool fortran = false)
    {
        var header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}\n");
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. header, .. values];
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest)) gzip.Write(bytes);
        return stream.ToArray();
    }

    private static byte[] Damaged(byte[] bytes)
    {
        bytes[^6] ^= 1;
        return bytes;
    }
}
