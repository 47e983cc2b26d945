using System.Text;

namespace QuantNotebooks.Images;

/// <summary>Reads the small text files that come with a network: UTF-8, with or without a byte order mark.</summary>
internal static class TextFile
{
    /// <summary>Far more than the labels of any network need; a larger file is none of these.</summary>
    private const long LargestFileBytes = 16 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="QuantNotebooksException">The file does not exist, cannot be read, is too large or is no UTF-8 text.</exception>
    public static string Read(string file) => InputFile.Explained(file, () => ReadText(file));

    /// <summary>The lines, as they are: a line may be a space.</summary>
    /// <exception cref="QuantNotebooksException">The file does not exist, cannot be read, is too large or is no UTF-8 text.</exception>
    public static ValueList<string> ReadLines(string file)
    {
        using var reader = new StringReader(Read(file));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return [.. lines];
    }

    private static string ReadText(string file)
    {
        var info = new FileInfo(file);
        if (info.Exists && info.Length > LargestFileBytes)
            throw new QuantNotebooksException(FormattableString.Invariant(
                $"{file} has {info.Length:N0} bytes; at most {LargestFileBytes:N0} are read."));
        try
        {
            return File.ReadAllText(file, StrictUtf8);
        }
        catch (DecoderFallbackException error)
        {
            throw new QuantNotebooksException($"{file} is not UTF-8 text.", error);
        }
    }
}
