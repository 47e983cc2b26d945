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

    // Their properties lead to thousands of objects; what they are stands in their text.
    private static readonly Type[] TextTypes =
    [
        typeof(System.Reflection.MemberInfo), typeof(System.Reflection.Assembly), typeof(System.Reflection.Module), typeof(Delegate), typeof(System.Linq.Expressions.Expression),
        typeof(Version), typeof(Uri), typeof(System.Text.StringBuilder), typeof(System.Globalization.CultureInfo), typeof(System.Net.IPAddress), typeof(System.Xml.Linq.XObject),
    ];

    /// <summary>How deep the properties of properties are shown.</summary>
    private const int Depth = 3;

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
        foreach (var type in TextTypes)
        {
            Formatter.SetPreferredMimeTypesFor(type, MimeBundle.PlainText);
            Formatter.Register(type, (value, writer) => writer.Write(value), MimeBundle.PlainText);
        }
        Formatter.RecursionLimit = Depth;
        // Formatted by its properties, a running task would block on its Result.
        Formatter.Register<Task>(task => $"a task ({task.Status}); await it to see its value", MimeBundle.PlainText);
        RegisterAny(MimeBundle.Html, AnyValue.Html);
        RegisterAny(MimeBundle.PlainText, AnyValue.Text);
        RegisterAny(MimeBundle.Json, AnyValue.Json);
    }

    // What is none of ours goes to the library's own formatter, fetched before ours replaces it.
    private static void RegisterAny(string mimeType, Func<object, string?> format)
    {
        var defaults = Formatter.RegisteredFormatters(includeDefaults: true).Where(formatter => formatter.MimeType == mimeType).ToArray();
        var any = defaults.First(formatter => formatter.Type == typeof(object));
        var sequence = mimeType == MimeBundle.Html ? any : defaults.FirstOrDefault(formatter => formatter.Type == typeof(IEnumerable)) ?? any;
        Formatter.Register<object>((value, context) => Write(value, context) || any.Format(value, context), mimeType);
        Formatter.Register<IEnumerable>((values, context) => Write(values, context) || sequence.Format(values, context), mimeType);

        bool Write(object? value, FormatContext context)
        {
            if (value is null or string || format(value) is not { } text) return false;
            context.Writer.Write(text);
            return true;
        }
    }
}
