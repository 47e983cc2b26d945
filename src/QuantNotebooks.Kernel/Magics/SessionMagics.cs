using System.Diagnostics;
using System.Globalization;
using Microsoft.DotNet.Interactive.Formatting;
using QuantNotebooks.Kernel.Packages;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.Magics;

/// <summary><c>#!time</c>: how long the rest of the cell takes.</summary>
internal sealed class TimeMagic : Magic
{
    public override string Name => "time";

    public override string Summary => "Say how long the rest of the cell takes.";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        return run =>
        {
            var clock = Stopwatch.StartNew();
            run.AtEndOfCell = () => Console.WriteLine(Text(clock.Elapsed));
        };
    }

    private static string Text(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"time: {time.TotalMilliseconds:0.0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"time: {time.TotalSeconds:0.00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"time: {time:hh\\:mm\\:ss}"),
    };
}

/// <summary><c>#!who</c>: the names of the variables.</summary>
internal sealed class WhoMagic : Magic
{
    private const int Widest = 68;

    public override string Name => "who";

    public override string Summary => "List the variables by name.";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        return run =>
        {
            var names = run.Engine.Variables.Select(variable => variable.Name).Order(StringComparer.Ordinal).ToList();
            // Hosts break longer lines anywhere.
            foreach (var line in WrappedText.Lines(names.Count == 0 ? "no variables" : string.Join("  ", names), Widest)) Console.WriteLine(line);
        };
    }
}

/// <summary><c>#!whos</c>: the variables with their types and values.</summary>
internal sealed class WhosMagic : Magic
{
    private const int Widest = 80;

    public override string Name => "whos";

    public override string Summary => "List the variables with types and values.";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        return run => NotebookDisplay.display(TableOutput.Of(
            [new("name", IsNumeric: false), new("type", IsNumeric: false), new("value", IsNumeric: false)],
            run.Engine.Variables.OrderBy(variable => variable.Name, StringComparer.Ordinal)
                .Select(variable => (TableCell[])[new(variable.Name), new(TypeName.Of(variable.Type)), new(Short(variable.Value))])));
    }

    private static string Short(object? value)
    {
        if (value is null) return "null";
        var line = Line(value).ReplaceLineEndings(" ");
        return line.Length <= Widest ? line : string.Concat(line.AsSpan(0, Widest - 1), "…");
    }

    // A result of the library says what it found; a name of a type alone says nothing that the column before doesn't.
    private static string Line(object value)
    {
        if (value.GetType().Namespace?.StartsWith("QuantNotebooks.", StringComparison.Ordinal) == true) return value.ToDisplayString(MimeBundle.PlainText).Split('\n')[0];
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return text != value.GetType().ToString() ? text : value is System.Collections.ICollection many ? NumberText.Count(many.Count, "element") : "";
    }
}

/// <summary><c>#!reset</c>: a session without variables.</summary>
internal sealed class ResetMagic : Magic
{
    public override string Name => "reset";

    public override string Summary => "Forget all variables, types, usings and references.";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        return run => run.Reset();
    }
}

/// <summary><c>#!nuget-cache</c>: the packages of the session, and where they are.</summary>
internal sealed class NuGetCacheMagic : Magic
{
    public override string Name => "nuget-cache";

    public override string Summary => "List the packages of the session and say where NuGet keeps them.";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        return run =>
        {
            Console.WriteLine(FromHome(PackageRestore.CacheFolder));
            if (run.Packages.Restored.Count == 0) Console.WriteLine("No packages are loaded; #r \"nuget: Id, Version\" loads one.");
            foreach (var package in run.Packages.Restored) Console.WriteLine($"{package.Id} {package.Version}");
        };
    }

    // Notebooks are shown to others, whom the user's name is not for.
    private static string FromHome(string folder) =>
        Path.GetRelativePath(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), folder) is var path && !Path.IsPathRooted(path) && !path.StartsWith("..", StringComparison.Ordinal)
            ? Path.Combine("~", path)
            : folder;
}

/// <summary><c>#!csharp</c>: back to C# after text, and the marker of C# cells in old notebooks.</summary>
internal sealed class CSharpMagic : Magic
{
    public override string Name => "csharp";

    public override string Summary => "The lines below are C#, which they are anyway unless text came before.";

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        return _ => { };
    }
}
