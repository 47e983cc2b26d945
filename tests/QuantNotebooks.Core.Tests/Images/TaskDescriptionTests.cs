using System.Text;
using CsCheck;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

public sealed class TaskDescriptionTests
{
    private const string Input = """
        "input": { "name": "x", "channels": "gray", "size": [32, 32], "scale": 0.5, "mean": [0.25], "std": [2] }
        """;

    private static readonly Gen<double> AnyNumber = Gen.Double[-1e6, 1e6];

    private static readonly Gen<NetworkTask> AnyTask = Gen.OneOf<NetworkTask>(
        Gen.String.Array[1, 5].Where(labels => Array.TrueForAll(labels, IsWellFormed)).Select(labels => (NetworkTask)new ClassificationTask([.. labels])),
        Gen.Select(Gen.String.Array[1, 5], Gen.Int[0, 9], Gen.Bool).Where((characters, _, _) => Array.TrueForAll(characters, IsWellFormed))
            .Select((characters, blank, space) => (NetworkTask)new CtcTask([.. characters], blank, space)),
        Gen.Const((NetworkTask)new NoTask()));

    private static readonly Gen<Preprocessing> AnyPreprocessing =
        from channels in Gen.Enum<ChannelOrder>()
        from resize in Gen.Enum<ResizeMode>()
        from interpolation in Gen.Enum<Interpolation>()
        from side in Gen.Int[1, 300].Nullable()
        from crop in Gen.Enum<CropMode>()
        from height in Gen.Int[20, 500]
        from width in Gen.Int[20, 500]
        from pad in Gen.Int[0, 9].Array[4]
        from padValue in Gen.Double[0, 255]
        from scale in Gen.Double[1e-9, 100]
        from mean in AnyNumber.Array[channels == ChannelOrder.Gray ? 1 : 3]
        from std in Gen.Double[1e-3, 1e6]
        select new Preprocessing
        {
            Channels = channels, Size = new(height, width), Resize = resize, Interpolation = interpolation,
            ShortestSide = resize == ResizeMode.ShortestSide ? side : null, Crop = crop, Pad = new(pad[0], pad[1], pad[2], pad[3]),
            PadValue = padValue, Scale = scale, Mean = [.. mean], StandardDeviation = [std],
        };

    [Fact]
    public void Reads_every_field()
    {
        var read = TaskDescription.Parse("""
            {
              "input": { "name": "x", "layout": "NCHW", "channels": "bgr", "size": [48, 192], "resize": "shortest-side", "crop": "center",
                         "pad": [1, 2, 3, 4], "padValue": 127.5, "scale": 0.00392156862745098, "mean": [0.5], "std": [0.1, 0.2, 0.3] },
              "task": { "kind": "ctc", "characters": ["a", " "], "blank": 0, "lastIsSpace": true }
            }
            """, "here");

        var preprocessing = new Preprocessing
        {
            Channels = ChannelOrder.Bgr, Size = new(Height: 48, Width: 192), Resize = ResizeMode.ShortestSide, Crop = CropMode.Center,
            Pad = new(Left: 1, Top: 2, Right: 3, Bottom: 4), PadValue = 127.5, Scale = 1 / 255.0, Mean = [0.5], StandardDeviation = [0.1, 0.2, 0.3],
        };
        Assert.Equal(new TaskDescription(new InputDescription("x", preprocessing), new CtcTask(["a", " "], 0, true)), read);
        Assert.Equal("here", read.Input.Preprocessing.Source);
    }

    [Fact]
    public void What_is_absent_does_nothing()
    {
        var read = TaskDescription.Parse($"{{ {Input} }}", "here");
        var expected = new Preprocessing { Channels = ChannelOrder.Gray, Size = new(32, 32), Scale = 0.5, Mean = [0.25], StandardDeviation = [2] };
        Assert.Equal(new TaskDescription(new InputDescription("x", expected), new NoTask()), read);
    }

    [Fact]
    public void Written_json_reads_back_equal() =>
        Gen.Select(AnyPreprocessing, AnyTask).Sample((preprocessing, task) =>
        {
            var description = new TaskDescription(new InputDescription("input", preprocessing), task);
            var json = description.ToJson();
            var read = TaskDescription.Parse(json, "metadata");
            Assert.Equal(description, read);
            Assert.Equal(description.GetHashCode(), read.GetHashCode());
            Assert.DoesNotContain('\n', json);
        });

    [Fact]
    public void Contradictory_preprocessing_is_not_written() =>
        Assert.Throws<QuantNotebooksException>(() => new TaskDescription(
            new InputDescription("x", new Preprocessing { Channels = ChannelOrder.Gray, Size = new(1, 1), Scale = double.NaN }), new NoTask()).ToJson());

    [Theory]
    [InlineData("{}", "here: input is missing.")]
    [InlineData("[1]", "here: the document is an array of 1; it must be an object.")]
    [InlineData("{ \"imput\": {} }", "here: imput is not a known field; did you mean \"input\"? Known are input, task.")]
    [InlineData("{ \"input\": 3 }", "here: input is the number 3; it must be an object.")]
    [InlineData("{ \"input\": null }", "here: input is null; it must be an object.")]
    [InlineData("{ \"input\": {}, \"input\": {} }", "here is not valid JSON")]
    [InlineData("{ \"input\": { \"name\": \"\\ud800\" } }", "here: input.name holds an escape of half a surrogate pair.")]
    [InlineData("{ \"input\": { \"\\ud800\": 1 } }", "here is not valid JSON: it holds half of a surrogate pair.")]
    [InlineData("\ud800", "here is not valid JSON")]
    [InlineData("{\n  \"input\": oops }", "here is not valid JSON (line 2, byte 12): 'o' is an invalid start of a value.")]
    [InlineData("", "here is empty; a JSON object is wanted.")]
    public void A_bad_document_is_one_message(string json, string message) =>
        Assert.StartsWith(message, Assert.Throws<QuantNotebooksException>(() => TaskDescription.Parse(json, "here")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"channels\": \"gray\"", "\"chanels\": \"gray\"", "input.chanels is not a known field; did you mean \"channels\"? Known are name, layout, channels, size, resize, shortestSide, interpolation, crop, pad, padValue, scale, mean, std.")]
    [InlineData("\"channels\": \"gray\"", "\"channels\": \"grey\"", "input.channels is \"grey\"; did you mean \"gray\"? Known are gray, rgb, bgr.")]
    [InlineData("\"channels\": \"gray\", ", "", "input.channels is missing.")]
    [InlineData("\"scale\": 0.5, ", "", "input.scale is missing.")]
    [InlineData("[32, 32]", "[32, \"32\"]", "input.size[1] is the string \"32\"; it must be a whole number.")]
    [InlineData("[32, 32]", "[32, 32.5]", "input.size[1] is the number 32.5; it must be a whole number.")]
    [InlineData("[32, 32]", "[32]", "input.size is an array of 1; it must be an array of 2 whole numbers, [height, width].")]
    [InlineData("[32, 32]", "32", "input.size is the number 32; it must be an array of 2 whole numbers, [height, width].")]
    [InlineData("[32, 32]", "[0, 32]", "input.size is [0, 32]; height and width must be at least 1.")]
    [InlineData("\"scale\": 0.5", "\"scale\": \"1/255\"", "input.scale is the string \"1/255\"; it must be a number.")]
    [InlineData("\"scale\": 0.5", "\"scale\": 1e999", "input.scale is the number 1e999; it must be a number.")]
    [InlineData("[0.25]", "[]", "input.mean is empty.")]
    [InlineData("[0.25]", "[true]", "input.mean[0] is true; it must be a number.")]
    [InlineData("[0.25]", "0.25", "input.mean is the number 0.25; it must be an array.")]
    [InlineData("[2]", "[-2]", "input.std holds -2; each number must be above 0.")]
    [InlineData("\"x\"", "\"\"", "input.name is empty.")]
    [InlineData("\"x\"", "\"x\", \"layout\": \"NHWC\"", "input.layout is not supported yet; today it must be \"NCHW\".")]
    [InlineData("\"x\"", "\"x\", \"pad\": [2, 2]", "input.pad is an array of 2; it must be an array of 4 whole numbers, [left, top, right, bottom].")]
    public void A_bad_input_names_the_field(string right, string wrong, string message)
    {
        var json = $"{{ {Input.Replace(right, wrong, StringComparison.Ordinal)} }}";
        Assert.Equal("here: " + message, Assert.Throws<QuantNotebooksException>(() => TaskDescription.Parse(json, "here")).Message);
    }

    [Theory]
    [InlineData("{ \"kind\": \"clasification\" }", "task.kind is \"clasification\"; did you mean \"classification\"? Known are classification, ctc, none.")]
    [InlineData("{ \"kind\": \"classification\" }", "task.labels is missing.")]
    [InlineData("{ \"kind\": \"classification\", \"labels\": [\"a\", 2] }", "task.labels[1] is the number 2; it must be a string.")]
    [InlineData("{ \"kind\": \"none\", \"labels\": [\"a\"] }", "task.labels is not a known field. Known are kind.")]
    [InlineData("{ \"kind\": \"ctc\", \"characters\": [\"f\"], \"blank\": -1, \"lastIsSpace\": true }", "task.blank is negative; it must be the number of a class.")]
    [InlineData("{ \"kind\": \"ctc\", \"characters\": [\"f\"], \"blank\": 0, \"lastIsSpace\": \"yes\" }", "task.lastIsSpace is the string \"yes\"; it must be true or false.")]
    [InlineData("{ \"kind\": \"ctc\", \"characters\": [], \"blank\": 0, \"lastIsSpace\": true }", "task.characters is empty.")]
    [InlineData("{ \"kind\": \"ctc\", \"characters\": \"f\", \"blank\": 0, \"lastIsSpace\": true }", "task.characters names a file, which only a sidecar can; it must be an array of strings here.")]
    [InlineData("{ \"labels\": [\"a\"] }", "task.kind is missing.")]
    public void A_bad_task_names_the_field(string task, string message) =>
        Assert.Equal("here: " + message, Assert.Throws<QuantNotebooksException>(() => TaskDescription.Parse($"{{ {Input}, \"task\": {task} }}", "here")).Message);

    [Fact]
    public void Messages_stay_one_short_line_whatever_the_file_says()
    {
        var json = $"{{ \"{new string('a', 100_000)}\\n\": 1 }}";
        var message = Assert.Throws<QuantNotebooksException>(() => TaskDescription.Parse(json, "here")).Message;
        Assert.InRange(message.Length, 1, 200);
        var broken = Assert.Throws<QuantNotebooksException>(() => TaskDescription.Parse("{ \"a\\nb\": 1 }", "here")).Message;
        Assert.DoesNotContain('\n', broken);
    }

    [Fact]
    public void The_sidecar_of_a_network_is_found_beside_it()
    {
        using var folder = new TemporaryFolder();
        var onnx = Path.Combine(folder.Path, "net.v2.onnx");
        Assert.Null(TaskDescription.FindBeside(onnx));
        var sidecar = folder.Write("net.v2.task.json", Encoding.UTF8.GetBytes($"\uFEFF{{ {Input} }}"));
        Assert.Equal(TaskDescription.Load(sidecar), TaskDescription.FindBeside(onnx));
        Assert.Equal(sidecar, TaskDescription.FindBeside(onnx)!.Input.Preprocessing.Source);
    }

    [Fact]
    public void Characters_may_stand_in_a_file_beside_the_sidecar()
    {
        using var folder = new TemporaryFolder();
        folder.Write("characters.txt", "a\r\n\u3000\n\u5bb9"u8.ToArray());
        var read = TaskDescription.Load(Sidecar("characters.txt"));
        Assert.Equal(new CtcTask(["a", "\u3000", "\u5bb9"], 0, true), read.Task);
        Assert.Equal(read, TaskDescription.Parse(read.ToJson(), "metadata"));

        Fails($"{folder.Path}/x.task.json: task.characters names 'no-such.txt', and there is no such file beside the sidecar.", "no-such.txt");
        Fails($"{folder.Path}/x.task.json: task.characters is a path; it must be the name of a file beside the sidecar.", "../characters.txt");
        folder.Write("empty.txt", []);
        Fails($"{folder.Path}/x.task.json: task.characters names an empty file; it must hold one character a line.", "empty.txt");
        folder.Write("binary.txt", [0xFF]);
        Fails($"{Path.Combine(folder.Path, "binary.txt")} is not UTF-8 text.", "binary.txt");

        string Sidecar(string file) => folder.Write("x.task.json", Encoding.UTF8.GetBytes(
            $"{{ {Input}, \"task\": {{ \"kind\": \"ctc\", \"characters\": \"{file}\", \"blank\": 0, \"lastIsSpace\": true }} }}"));

        void Fails(string message, string file) =>
            Assert.Equal(message, Assert.Throws<QuantNotebooksException>(() => TaskDescription.Load(Sidecar(file))).Message);
    }

    [Fact]
    public void A_file_that_cannot_be_a_sidecar_is_one_message()
    {
        using var folder = new TemporaryFolder();
        var missing = Path.Combine(folder.Path, "missing.task.json");
        Assert.Equal($"{missing} does not exist.", Assert.Throws<QuantNotebooksException>(() => TaskDescription.Load(missing)).Message);
        var binary = folder.Write("binary.task.json", [0xFF, 0xC0, 0x80]);
        Assert.Equal($"{binary} is not UTF-8 text.", Assert.Throws<QuantNotebooksException>(() => TaskDescription.Load(binary)).Message);
        var large = folder.Write("large.task.json", new byte[(16 << 20) + 1]);
        Assert.Equal($"{large} has 16,777,217 bytes; at most 16,777,216 are read.", Assert.Throws<QuantNotebooksException>(() => TaskDescription.Load(large)).Message);
        Assert.Contains("cannot be read", Assert.Throws<QuantNotebooksException>(() => TaskDescription.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static bool IsWellFormed(string text)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
