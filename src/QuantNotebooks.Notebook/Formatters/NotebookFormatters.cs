using System.Collections;
using Microsoft.DotNet.Interactive.Formatting;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>How values look in a notebook: the one place where formatters are registered with Microsoft.DotNet.Interactive.Formatting.</summary>
public static class NotebookFormatters
{
    private static readonly Type[] PlainTypes =
    [
        typeof(bool), typeof(char), typeof(string), typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint),
        typeof(long), typeof(ulong), typeof(Int128), typeof(UInt128), typeof(Half), typeof(float), typeof(double), typeof(decimal),
        typeof(nint), typeof(nuint), typeof(System.Numerics.BigInteger), typeof(System.Numerics.Complex), typeof(Guid), typeof(DateTime),
        typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(Enum), typeof(Exception), typeof(Task),
    ];

    private static readonly Lock Gate = new();
    private static bool registered;

    /// <summary>Registers all formatters, once in a process; further calls do nothing. Thread safe.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (registered) return;
            RegisterDefaults();
            ResultFormatters.Register();
            registered = true;
        }
    }

    private static void RegisterDefaults()
    {
        foreach (var type in PlainTypes) Formatter.SetPreferredMimeTypesFor(type, MimeBundle.PlainText);
        // Formatted by its properties, a running task would block on its Result.
        Formatter.Register<Task>(task => $"a task ({task.Status}); await it to see its value", MimeBundle.PlainText);
        // What is not a table goes to the formatter for any object, fetched before ours replaces it for sequences.
        var any = Formatter.RegisteredFormatters(includeDefaults: true).Single(formatter => formatter.Type == typeof(object) && formatter.MimeType == MimeBundle.Html);
        Formatter.Register<IEnumerable>((rows, context) => RowTable.TryWrite(rows, context.Writer) || any.Format(rows, context), MimeBundle.Html);
    }
}
