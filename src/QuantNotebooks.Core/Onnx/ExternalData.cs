using System.Globalization;
using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Brings tensor data that an ONNX file keeps in other files (external data) into the model.</summary>
internal static class ExternalData
{
    /// <summary>What a protobuf message can carry, less room for the graph.</summary>
    private const long MostBytes = int.MaxValue - (64L << 20);

    /// <summary>Reads every external tensor, sub-graphs and functions included. Files must lie in the model's own folder or below it.</summary>
    /// <exception cref="QuantNotebooksException">A file is missing, outside the folder, or shorter than its tensor, or there is too much in all.</exception>
    public static void Inline(ModelProto model, string path, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        long left = MostBytes;
        foreach (var tensor in TensorWalk.Tensors(model))
        {
            cancellation.ThrowIfCancellationRequested();
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External) Inline(tensor, folder, path, left);
            if ((left -= tensor.RawData.Length) < 0) throw TooLarge(path);
        }
    }

    private static QuantNotebooksException TooLarge(string source) =>
        new($"'{source}' holds more than 2 GB of constants, which one ONNX message can't carry; networks up to that size are supported.");

    private static void Inline(TensorProto tensor, string folder, string source, long left)
    {
        var location = Entry(tensor, "location") ?? throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' has external data and does not say in which file.");
        if (location.Contains('\0')) throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' names no possible file for its external data.");
        var file = Path.GetFullPath(Path.Combine(folder, location));
        // A model is data from elsewhere: it may not reach for files outside its own folder, by a path or by a link.
        if (Path.IsPathRooted(location) || !file.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || LeavesByLink(file, folder))
            throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' wants its data from '{location}', which is outside the network's folder: refused.");
        try
        {
            using var stream = File.OpenRead(file);
            var offset = Number(tensor, "offset", source) ?? 0;
            var length = Number(tensor, "length", source) ?? stream.Length - offset;
            if (offset < 0 || length < 0 || offset > stream.Length || length > stream.Length - offset || length > Array.MaxLength)
                throw new QuantNotebooksException(FormattableString.Invariant(
                    $"'{source}': tensor '{tensor.Name}' wants {length} bytes at {offset} of '{location}', which has {stream.Length}: the file is truncated or another one."));
            if (length > left) throw TooLarge(source);
            var bytes = new byte[length];
            stream.Position = offset;
            stream.ReadExactly(bytes);
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' wants its data from '{location}', and there is no such file beside the network.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"'{source}': the external data '{location}' of tensor '{tensor.Name}' can't be read: {error.Message}", error);
        }
        tensor.ExternalData.Clear();
        tensor.DataLocation = TensorProto.Types.DataLocation.Default;
    }

    /// <summary>Whether the file or a folder on the way to it is a link.</summary>
    private static bool LeavesByLink(string file, string folder)
    {
        for (var at = file; at is not null && at.Length > folder.Length; at = Path.GetDirectoryName(at))
            if (new FileInfo(at).LinkTarget is not null) return true;
        return false;
    }

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

    private static long? Number(TensorProto tensor, string key, string source) => Entry(tensor, key) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' gives the {key} of its external data as '{text}'; a whole number is wanted.");
}
