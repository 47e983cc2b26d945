namespace QuantNotebooks.Images;

/// <summary>What a network takes and what its output means: the sidecar <c>NAME.task.json</c> beside <c>NAME.onnx</c>.</summary>
/// <remarks>Two descriptions that say the same are equal, wherever they were read. Immutable; safe to use from several threads.</remarks>
/// <param name="Input">The input tensor and how pixels become its values.</param>
/// <param name="Task">How the output is read.</param>
public sealed record TaskDescription(InputDescription Input, NetworkTask Task)
{
    private const string Extension = ".task.json";
    private const string OnnxExtension = ".onnx";

    /// <summary>Reads a sidecar.</summary>
    /// <param name="file">The path of the JSON file, UTF-8.</param>
    /// <exception cref="QuantNotebooksException">
    /// The file does not exist, or is not a task description; the message names the field. Or a file of characters that it names cannot be read.
    /// </exception>
    public static TaskDescription Load(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return TaskJson.Read(TextFile.Read(file), file, System.IO.Path.GetDirectoryName(file));
    }

    /// <summary>Reads the sidecar of a network: <c>NAME.task.json</c> beside <c>NAME.onnx</c>.</summary>
    /// <param name="onnxPath">The path of the network.</param>
    /// <returns>The description, or null when there is no such file.</returns>
    /// <exception cref="QuantNotebooksException">
    /// There is a sidecar, but it is not a task description; the message names the field.
    /// </exception>
    public static TaskDescription? FindBeside(string onnxPath)
    {
        ArgumentNullException.ThrowIfNull(onnxPath);
        var isOnnx = onnxPath.EndsWith(OnnxExtension, StringComparison.OrdinalIgnoreCase);
        var sidecar = (isOnnx ? onnxPath[..^OnnxExtension.Length] : onnxPath) + Extension;
        return File.Exists(sidecar) ? Load(sidecar) : null;
    }

    /// <summary>Reads a description from JSON, which names no other files. Fields that are not known are errors, not ignored.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="source">Where the text comes from, for error messages: a file, or the metadata of a network.</param>
    /// <exception cref="QuantNotebooksException">
    /// The text is not a task description; the message names the source and the field.
    /// </exception>
    public static TaskDescription Parse(string json, string source)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(source);
        return TaskJson.Read(json, source, folder: null);
    }

    /// <summary>Writes the description as JSON on one line; <see cref="Parse"/> gives an equal description back.</summary>
    /// <exception cref="QuantNotebooksException">The preprocessing is contradictory; the message names the field.</exception>
    public string ToJson()
    {
        Input.Preprocessing.RequireConsistent();
        return TaskJson.Write(this);
    }
}
