using System.CommandLine;
using QuantNotebooks.Kernel.Notebooks;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary><c>quantnb convert OLD.dib NEW.ipynb</c>: a notebook of Polyglot Notebooks as one for Jupyter.</summary>
internal static class ConvertCommand
{
    public const string Name = "convert";

    public const string Example = "old.dib new.ipynb";

    public static Command Create()
    {
        var source = new Argument<string>("OLD") { Description = "A notebook of Polyglot Notebooks (.dib)." };
        var target = new Argument<string>("NEW") { Description = "The Jupyter notebook to write (.ipynb); it must not exist yet." };
        RequireEnding(source, DibNotebook.Extension);
        RequireEnding(target, ".ipynb");
        var command = new Command(Name, "Convert a notebook of Polyglot Notebooks (.dib) to Jupyter's form; cells in languages other than C# are kept as text.") { source, target };
        command.SetAction(parsed => Convert(parsed.GetValue(source)!, parsed.GetValue(target)!, parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int Convert(string source, string target, TextWriter output)
    {
        if (File.Exists(target)) throw new NotebookFileException(target, "exists already; nothing was written");
        var document = DibNotebook.Read(source);
        document.Write(target);
        output.WriteLine(target);
        return ExitCode.Done;
    }

    private static void RequireEnding(Argument<string> file, string ending) => file.Validators.Add(result =>
    {
        if (result.Tokens is [{ Value: var path }] && !Path.GetExtension(path).Equals(ending, StringComparison.OrdinalIgnoreCase)) result.AddError($"{file.Name} must end in {ending}, not '{path}'.");
    });
}
