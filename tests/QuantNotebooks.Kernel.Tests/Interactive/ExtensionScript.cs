using System.Text;
using Microsoft.CodeAnalysis.CSharp;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Tests.Interactive;

/// <summary>
/// Writes extension.dib from the command set: the host wants one class of its own kind for each magic, and such a class can only be compiled where the host is.
/// </summary>
internal static class ExtensionScript
{
    private const string Host = "Microsoft.DotNet.Interactive.";

    public static string Text => $$"""
        #!csharp

        // Written from the command set by ExtensionScriptTests; not to be changed by hand. .NET Interactive runs it when it has loaded the package.
        {
            var obstacle = QuantNotebooks.Interactive.ExtensionLoad.Obstacle("%VERSION%", typeof({{Host}}Kernel).Assembly);
            if (obstacle is not null) System.Console.WriteLine(obstacle);
        }

        #!csharp

        using Microsoft.DotNet.Interactive;

        public sealed class QuantNotebooksHost : QuantNotebooks.Notebook.Hosting.INotebookHost
        {
            private readonly {{Host}}Commands.KernelDirectiveCommand _command;
            private readonly {{Host}}KernelInvocationContext _context;

            public QuantNotebooksHost({{Host}}Commands.KernelDirectiveCommand command, {{Host}}KernelInvocationContext context) =>
                (_command, _context) = (command, context);

            public System.Threading.CancellationToken Cancellation => _context.CancellationToken;

            public System.Action<QuantNotebooks.Notebook.Hosting.MimeBundle> Show(QuantNotebooks.Notebook.Hosting.MimeBundle bundle)
            {
                var displayed = _context.Display(new QuantNotebooks.Interactive.Shown(bundle));
                return next => displayed.Update(new QuantNotebooks.Interactive.Shown(next));
            }

            public async System.Threading.Tasks.Task<object> ReadVariableAsync(string name)
            {
                var result = await {{Host}}Kernel.Root.SendAsync(new {{Host}}Commands.RequestValue(name, "text/plain", "csharp"));
                return System.Linq.Enumerable.LastOrDefault(System.Linq.Enumerable.OfType<{{Host}}Events.ValueProduced>(result.Events))?.Value;
            }

            public async System.Threading.Tasks.Task WriteVariableAsync(string name, object value) => await {{Host}}Kernel.Root.SendAsync(
                new {{Host}}Commands.SendValue(name, value, new {{Host}}FormattedValue("text/plain", value.ToString()), "csharp"));

            public void Fail(string message) => _context.Fail(_command, message: message);
        }

        {{string.Join("\n\n", CommandSet.All.Select(CommandClass))}}

        {
            try
            {
                if (QuantNotebooks.Interactive.ExtensionLoad.Obstacle("%VERSION%", typeof({{Host}}Kernel).Assembly) is null)
                {
                    var root = {{Host}}Kernel.Root;
        {{string.Join("\n", CommandSet.All.Select(Registration))}}
                    {{Host}}KernelInvocationContext.Current.Display(QuantNotebooks.Interactive.ExtensionLoad.Complete());
                }
            }
            catch (System.Exception exception)
            {
                System.Console.WriteLine("QuantNotebooks.Interactive %VERSION% could not be loaded: " + exception.Message);
            }
        }

        """;

    /// <summary>The C# cells of the script, for a package of that version.</summary>
    public static IReadOnlyList<string> Cells(string script, string version) =>
        [.. script.Replace("%VERSION%", version, StringComparison.Ordinal).Split("#!csharp\n", StringSplitOptions.RemoveEmptyEntries)];

    private static string CommandClass(CommandDefinition command) => $$"""
        public sealed class {{ClassName(command)}} : {{Host}}Commands.KernelDirectiveCommand
        {
        {{string.Join("\n", Parameters(command).Select(parameter => $"    public {(parameter.IsFlag ? "bool" : "string")} {Property(parameter.Name)} {{ get; set; }}"))}}
        }
        """;

    private static string Registration(CommandDefinition command)
    {
        var text = new StringBuilder();
        text.Append($"            root.AddDirective<{ClassName(command)}>(\n                new {Host}Directives.KernelActionDirective(\"#!quant-{command.Name}\")\n                {{\n");
        text.Append($"                    Description = {Literal(command.Summary)},\n                    Parameters =\n                    {{\n");
        foreach (var parameter in Parameters(command))
        {
            text.Append($"                        new(\"{parameter.Name}\") {{ Description = {Literal(parameter.Help)}{(parameter.IsFlag ? ", Flag = true" : "")}");
            text.Append($"{(parameter.Name == HostedCommand.Subject ? ", AllowImplicitName = true" : "")} }},\n");
        }
        text.Append("                    },\n                },\n");
        text.Append($"                (command, context) => QuantNotebooks.Notebook.Hosting.HostedCommand.RunAsync(\"{command.Name}\", new System.Collections.Generic.Dictionary<string, object>\n");
        text.Append("                {\n");
        foreach (var parameter in Parameters(command)) text.Append($"                    [\"{parameter.Name}\"] = command.{Property(parameter.Name)},\n");
        return text.Append("                }, new QuantNotebooksHost(command, context)));").ToString();
    }

    // None is Required there: the host's message for what is missing does not say what it is.
    private static IEnumerable<(string Name, string Help, bool IsFlag)> Parameters(CommandDefinition command) =>
    [
        (HostedCommand.Subject, command.Subject.Help, false),
        .. command.Options.Select(option => (option.Name, option.Help, option.IsFlag)),
        (HostedCommand.As, "Make the result the C# variable of that name.", false),
    ];

    private static string ClassName(CommandDefinition command) => $"Quant{Property("--" + command.Name)}Command";

    private static string Property(string name) => string.Concat(name[2..].Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
