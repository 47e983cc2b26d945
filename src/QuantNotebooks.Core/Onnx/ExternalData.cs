using System.Globalization;
using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Brings tensor data that an ONNX file keeps in other files (external data) into the model.</summary>
internal static class ExternalData
{
    /// <summary>Reads every external tensor, sub-graphs included. Files must lie in the model's own folder or below it.</summary>
    /// <exception cref="QuantNotebooksException">A file is missing, outside the folder, or shorter than its tensor.</exception>
    public static void Inline(ModelProto model, string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (var tensor in Tensors(model.Graph))
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External) Inline(tensor, folder, path);
    }

    private static IEnumerable<TensorProto> Tensors(GraphProto graph)
    {
        foreach (var tensor in graph.Initializer) yield return tensor;
        foreach (var attribute in graph.Node.SelectMany(node => node.Attribute))
        {
            if (attribute.T is not null) yield return attribute.T;
            foreach (var inner in attribute.Graphs.Append(attribute.G))
                if (inner is not null)
                    foreach (var tensor in Tensors(inner)) yield return tensor;
        }
    }

    private static void Inline(TensorProto tensor, string folder, string source)
    {
        var location = Entry(tensor, "location") ?? throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' has external data and does not say in which file.");
        var file = Path.GetFullPath(Path.Combine(folder, location));
        // A model is data from elsewhere: it may not reach for files outside its own folder, by a path or by a link.
        if (Path.IsPathRooted(location) || !file.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || IsLink(file))
            throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' wants its data from '{location}', which is outside the network's folder: refused.");
        try
        {
            using var stream = File.OpenRead(file);
            var offset = Number(tensor, "offset", source) ?? 0;
            var length = Number(tensor, "length", source) ?? stream.Length - offset;
            if (offset < 0 || length < 0 || offset > stream.Length || length > stream.Length - offset || length > Array.MaxLength)
                throw new QuantNotebooksException(FormattableString.Invariant(
                    $"'{source}': tensor '{tensor.Name}' wants {length} bytes at {offset} of '{location}', which has {stream.Length}: the file is truncated or another one."));
            var bytes = new byte[length];
            stream.Position = offset;
            stream.ReadExactly(bytes);
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"'{source}': the external data '{location}' of tensor '{tensor.Name}' can't be read: {error.Message}", error);
        }
        tensor.ExternalData.Clear();
        tensor.DataLocation = TensorProto.Types.DataLocation.Default;
    }

    private static bool IsLink(string file) => new FileInfo(file) is { Exists: true, LinkTarget: not null };

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

    private static long? Number(TensorProto tensor, string key, string source) => Entry(tensor, key) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' gives the {key} of its external data as '{text}'; a whole number is wanted.");
}
