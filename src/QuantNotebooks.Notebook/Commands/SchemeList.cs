using System.Collections.Immutable;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>Several schemes in one word: <c>float,8/8,4/8:per-channel:mse,tensorrt</c>.</summary>
internal static class SchemeList
{
    private const string Float = "float";

    /// <summary>The schemes in order; null stands for full precision.</summary>
    /// <exception cref="CommandUsageException">A scheme is none.</exception>
    /// <exception cref="QuantNotebooksException">A report can't be read or holds no scheme.</exception>
    public static ImmutableArray<QuantizationScheme?> Parse(string option, string list)
    {
        var schemes = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => One(option, text)).ToImmutableArray();
        return schemes.IsEmpty ? throw new CommandUsageException($"{option} '{list}' names no scheme.") : schemes;
    }

    private static QuantizationScheme? One(string option, string text)
    {
        if (text == Float) return null;
        // A report that can't be read is told as it is.
        QuantNotebooksException? unreadable = null;
        try
        {
            return SchemeWords.Parse(text, Start);
        }
        catch (QuantNotebooksException mistake) when (mistake != unreadable)
        {
            throw new CommandUsageException($"{option} '{text}': {mistake.Message}");
        }

        QuantizationScheme Start(string name)
        {
            try
            {
                return SchemeOptions.StartOf(option, name);
            }
            catch (QuantNotebooksException error)
            {
                unreadable = error;
                throw;
            }
        }
    }
}
