using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace QuantNotebooks.Images;

/// <summary>The JSON form of a <see cref="TaskDescription"/>: reading and writing stand side by side, field by field.</summary>
/// <remarks>
/// What says how values are computed must be written out (name, channels, size, scale, mean, std); what may be absent means that
/// nothing is done: layout NCHW, resize none, crop none, pad 0, task none. Interpolation is the usual one of the resize mode.
/// </remarks>
internal static class TaskJson
{
    private static readonly (string Word, ChannelOrder Value)[] ChannelWords =
        [("gray", ChannelOrder.Gray), ("rgb", ChannelOrder.Rgb), ("bgr", ChannelOrder.Bgr)];

    private static readonly (string Word, ResizeMode Value)[] ResizeWords =
        [("none", ResizeMode.None), ("stretch", ResizeMode.Stretch), ("shortest-side", ResizeMode.ShortestSide), ("fit-height", ResizeMode.FitHeight)];

    private static readonly (string Word, Interpolation Value)[] InterpolationWords =
        [("usual", Interpolation.Usual), ("antialias", Interpolation.Antialias), ("bilinear", Interpolation.Bilinear)];

    private static readonly (string Word, CropMode Value)[] CropWords = [("none", CropMode.None), ("center", CropMode.Center)];

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="folder">Where the files that it names lie, or null where there is no such place.</param>
    public static TaskDescription Read(string json, string source, string? folder) => JsonField.Read(json, source, root =>
    {
        root.RequireFields("input", "task");
        var input = ReadInput(root["input"], source);
        return new TaskDescription(input, root.Optional("task") is { } task ? ReadTask(task, folder) : new NoTask());
    });

    public static string Write(TaskDescription description)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("input");
            WriteInput(writer, description.Input);
            writer.WriteEndObject();
            writer.WriteStartObject("task");
            WriteTask(writer, description.Task);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static InputDescription ReadInput(JsonField input, string source)
    {
        input.RequireFields("name", "layout", "channels", "size", "resize", "shortestSide", "interpolation", "crop", "pad", "padValue", "scale", "mean", "std");
        if (input.Optional("layout") is { } layout && layout.AsString() != "NCHW")
            throw layout.Error("is not supported yet; today it must be \"NCHW\"");
        var name = input["name"].AsNonEmptyString();
        var channels = input["channels"].AsChoice(ChannelWords);
        var size = input["size"].AsIntegers(2, "[height, width]");
        var pad = input.Optional("pad")?.AsIntegers(4, "[left, top, right, bottom]") ?? [0, 0, 0, 0];
        var preprocessing = new Preprocessing
        {
            Origin = new Origin(source),
            Channels = channels,
            Size = new ImageSize(size[0], size[1]),
            Resize = input.Optional("resize")?.AsChoice(ResizeWords) ?? ResizeMode.None,
            ShortestSide = input.Optional("shortestSide")?.AsInteger(),
            Interpolation = input.Optional("interpolation")?.AsChoice(InterpolationWords) ?? Interpolation.Usual,
            Crop = input.Optional("crop")?.AsChoice(CropWords) ?? CropMode.None,
            Pad = new Padding(pad[0], pad[1], pad[2], pad[3]),
            PadValue = input.Optional("padValue")?.AsNumber() ?? 0,
            Scale = input["scale"].AsNumber(),
            Mean = input["mean"].AsList(static item => item.AsNumber()),
            StandardDeviation = input["std"].AsList(static item => item.AsNumber()),
        };
        preprocessing.RequireConsistent();
        return new InputDescription(name, preprocessing);
    }

    private static void WriteInput(Utf8JsonWriter writer, InputDescription input)
    {
        var preprocessing = input.Preprocessing;
        var (size, pad) = (preprocessing.Size, preprocessing.Pad);
        writer.WriteString("name", input.Name);
        writer.WriteString("layout", "NCHW");
        writer.WriteString("channels", WordOf(ChannelWords, preprocessing.Channels));
        WriteNumbers(writer, "size", [size.Height, size.Width]);
        writer.WriteString("resize", WordOf(ResizeWords, preprocessing.Resize));
        if (preprocessing.ShortestSide is { } side)
            writer.WriteNumber("shortestSide", side);
        if (preprocessing.Interpolation != Interpolation.Usual)
            writer.WriteString("interpolation", WordOf(InterpolationWords, preprocessing.Interpolation));
        writer.WriteString("crop", WordOf(CropWords, preprocessing.Crop));
        WriteNumbers(writer, "pad", [pad.Left, pad.Top, pad.Right, pad.Bottom]);
        writer.WriteNumber("padValue", preprocessing.PadValue);
        writer.WriteNumber("scale", preprocessing.Scale);
        WriteNumbers(writer, "mean", preprocessing.Mean.AsSpan());
        WriteNumbers(writer, "std", preprocessing.StandardDeviation.AsSpan());
    }

    private static NetworkTask ReadTask(JsonField task, string? folder)
    {
        // The kind decides which other fields are known, so it is read before they are checked.
        task.RequireFields("kind", "labels", "characters", "blank", "lastIsSpace");
        switch (task["kind"].AsChoice([("classification", 0), ("ctc", 1), ("none", 2)]))
        {
            case 0:
                task.RequireFields("kind", "labels");
                return new ClassificationTask(task["labels"].AsList(static item => item.AsString()));
            case 1:
                task.RequireFields("kind", "characters", "blank", "lastIsSpace");
                var blank = task["blank"];
                if (blank.AsInteger() < 0)
                    throw blank.Error("is negative; it must be the number of a class");
                return new CtcTask(ReadCharacters(task["characters"], folder), blank.AsInteger(), task["lastIsSpace"].AsBoolean());
            default:
                task.RequireFields("kind");
                return new NoTask();
        }
    }

    private static void WriteTask(Utf8JsonWriter writer, NetworkTask task)
    {
        switch (task)
        {
            case ClassificationTask classification:
                writer.WriteString("kind", "classification");
                WriteStrings(writer, "labels", classification.Labels);
                break;
            case CtcTask ctc:
                writer.WriteString("kind", "ctc");
                // All of them, not the file they were read from: whoever gets the network alone can read with it.
                WriteStrings(writer, "characters", ctc.Characters);
                writer.WriteNumber("blank", ctc.Blank);
                writer.WriteBoolean("lastIsSpace", ctc.LastIsSpace);
                break;
            default:
                writer.WriteString("kind", "none");
                break;
        }
    }

    /// <summary>The characters: a list of them, or the name of a file beside the sidecar with one a line.</summary>
    private static ValueList<string> ReadCharacters(JsonField characters, string? folder)
    {
        if (characters.IsArray)
            return characters.AsList(static item => item.AsString());
        var name = characters.AsNonEmptyString();
        if (folder is null)
            throw characters.Error("names a file, which only a sidecar can; it must be an array of strings here");
        if (Path.GetFileName(name) != name)
            throw characters.Error("is a path; it must be the name of a file beside the sidecar");
        var file = Path.Combine(folder, name);
        if (!File.Exists(file))
            throw characters.Error($"names '{name}', and there is no such file beside the sidecar");
        var lines = TextFile.ReadLines(file);
        return lines.Count > 0 ? lines : throw characters.Error("names an empty file; it must hold one character a line");
    }

    private static void WriteStrings(Utf8JsonWriter writer, string name, ValueList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, ReadOnlySpan<double> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
            writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }

    /// <summary>The word for a resize mode.</summary>
    public static string WordOf(ResizeMode mode) => WordOf(ResizeWords, mode);

    private static string WordOf<T>((string Word, T Value)[] words, T value)
        where T : struct, Enum => Array.Find(words, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Word;
}
