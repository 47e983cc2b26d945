using System.Text;

namespace QuantNotebooks.Notebook.Text;

/// <summary>Styles and scripts that stand in files of their own beside the code, and are embedded in an assembly.</summary>
internal static class EmbeddedText
{
    /// <summary>A file of this project, by its folder and name: "Frames.table.css".</summary>
    public static string Read(string name) => Read(typeof(EmbeddedText), "QuantNotebooks.Notebook." + name);

    /// <summary>A resource of the assembly that holds a type, by its whole name.</summary>
    public static string Read(Type anchor, string name)
    {
        using var stream = anchor.Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{anchor.Assembly.GetName().Name} has no embedded resource '{name}'.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
