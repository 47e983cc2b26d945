// Stand-ins for the few types of .NET Interactive that extension.dib touches, written from what is stated of the host's behaviour, and no more than that:
// so that the script is compiled and run in CI. The names and shapes are the host's.
#nullable disable
#pragma warning disable CA1050, CA1051, CA1062, CA1724, IDE0130, CA1034, CA1002, CA1815, CA1822, CA2211
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Directives;
using Microsoft.DotNet.Interactive.Events;

namespace Microsoft.DotNet.Interactive
{
    public class Kernel
    {
        private readonly Dictionary<string, (KernelActionDirective Directive, Type Type, Func<KernelDirectiveCommand, KernelInvocationContext, Task> Handler)> _directives = [];

        public static Kernel Root { get; set; } = new();

        public IReadOnlyDictionary<string, object> Variables => _variables;

        public IEnumerable<string> DirectiveNames => _directives.Keys;

        private readonly Dictionary<string, object> _variables = [];

        public void AddDirective<TCommand>(KernelActionDirective directive, Func<TCommand, KernelInvocationContext, Task> handler)
            where TCommand : KernelDirectiveCommand
        {
            if (_directives.Values.Any(known => known.Type.Name == typeof(TCommand).Name && known.Directive.Name != directive.Name))
                throw new ArgumentException($"A command named {typeof(TCommand).Name} is there already.");
            if (!_directives.TryAdd(directive.Name, (directive, typeof(TCommand), (command, context) => handler((TCommand)command, context))))
                throw new ArgumentException($"The directive {directive.Name} is there already.");
        }

        public Task<KernelCommandResult> SendAsync(KernelCommand command, CancellationToken cancellationToken = default)
        {
            var result = new KernelCommandResult();
            if (command.TargetKernelName != "csharp") throw new InvalidOperationException("Variables are the csharp kernel's.");
            if (command is SendValue send) _variables[send.Name] = send.Value;
            if (command is RequestValue request && _variables.TryGetValue(request.Name, out var value)) result.Add(new ValueProduced(value, request.Name));
            return Task.FromResult(result);
        }

        // A line with a magic, taken apart as the host does: single quotes, --o=v and options given twice arrive as nothing, without an error.
        public async Task<KernelInvocationContext> SubmitAsync(string line, CancellationToken cancellationToken = default)
        {
            var words = System.Text.RegularExpressions.Regex.Matches(line, "\"([^\"]*)\"|\\S+").Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Value).ToList();
            var (directive, type, handler) = _directives[words[0]];
            var command = (KernelDirectiveCommand)Activator.CreateInstance(type);
            var given = new HashSet<string>();
            for (var index = 1; index < words.Count; index++)
            {
                var word = words[index];
                var parameter = directive.Parameters.FirstOrDefault(known => known.Name == word);
                if (parameter is null && word.StartsWith("--", StringComparison.Ordinal)) continue;
                var isImplicit = parameter is null;
                parameter ??= directive.Parameters.Single(known => known.AllowImplicitName);
                object value = parameter.Flag ? true : isImplicit ? word : ++index < words.Count ? words[index] : null;
                if (value is string text && text.StartsWith('\'')) value = null;
                if (!given.Add(parameter.Name)) value = null;
                type.GetProperty(string.Concat(parameter.Name[2..].Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..]))).SetValue(command, value);
            }
            var context = new KernelInvocationContext(cancellationToken);
            await handler(command, context);
            return context;
        }
    }

    public class KernelInvocationContext(CancellationToken cancellationToken)
    {
        public static KernelInvocationContext Current { get; set; } = new(default);

        public CancellationToken CancellationToken => cancellationToken;

        public List<DisplayedValue> Displayed { get; } = [];

        public string Failure { get; private set; }

        public void Fail(KernelCommand command, Exception exception = null, string message = null) => Failure = message ?? exception?.Message;
    }

    public static class KernelInvocationContextExtensions
    {
        public static DisplayedValue Display(this KernelInvocationContext context, object value, params string[] mimeTypes)
        {
            var displayed = new DisplayedValue();
            displayed.Update(value);
            context.Displayed.Add(displayed);
            return displayed;
        }
    }

    public class DisplayedValue
    {
        public List<object> Values { get; } = [];

        public string Html { get; private set; }

        // Formatted by what an attribute of the value's type names, of whatever assembly the attribute is.
        public void Update(object updatedValue)
        {
            Values.Add(updatedValue);
            var attribute = updatedValue.GetType().GetCustomAttributes(false).Single(known => known.GetType().Name == "TypeFormatterSourceAttribute");
            var source = (Type)attribute.GetType().GetProperty("FormatterSourceType").GetValue(attribute);
            var preferred = (string[])attribute.GetType().GetProperty("PreferredMimeTypes").GetValue(attribute);
            var make = source.GetMethod("CreateTypeFormatters");
            foreach (var formatter in (IEnumerable<object>)make.Invoke(make.IsStatic ? null : Activator.CreateInstance(source), null))
            {
                if ((string)formatter.GetType().GetProperty("MimeType").GetValue(formatter) != preferred[0]) continue;
                var writer = new System.IO.StringWriter();
                if ((bool)formatter.GetType().GetMethod("Format").Invoke(formatter, [updatedValue, writer])) Html = writer.ToString();
            }
        }
    }

    public class FormattedValue(string mimeType, string value)
    {
        public string MimeType => mimeType;

        public string Value => value;
    }

    public class KernelCommandResult
    {
        private readonly List<KernelEvent> _events = [];

        public IReadOnlyList<KernelEvent> Events => _events;

        internal void Add(KernelEvent produced) => _events.Add(produced);
    }
}

namespace Microsoft.DotNet.Interactive.Commands
{
    public abstract class KernelCommand(string targetKernelName = null)
    {
        public string TargetKernelName => targetKernelName;
    }

    public abstract class KernelDirectiveCommand : KernelCommand;

    public class RequestValue(string name, string mimeType = null, string targetKernelName = null) : KernelCommand(targetKernelName)
    {
        public string Name => name;

        public string MimeType => mimeType;
    }

    public class SendValue(string name, object value, FormattedValue formattedValue = null, string targetKernelName = null) : KernelCommand(targetKernelName)
    {
        public string Name => name;

        public object Value => value;

        public FormattedValue FormattedValue => formattedValue;
    }
}

namespace Microsoft.DotNet.Interactive.Events
{
    public abstract class KernelEvent;

    public class ValueProduced(object value, string name) : KernelEvent
    {
        public object Value => value;

        public string Name => name;
    }
}

namespace Microsoft.DotNet.Interactive.Directives
{
    public class KernelActionDirective(string name)
    {
        public string Name => name;

        public string Description { get; set; }

        public ICollection<KernelDirectiveParameter> Parameters { get; init; } = [];
    }

    public class KernelDirectiveParameter(string name, string description = null)
    {
        public string Name => name;

        public string Description { get; init; } = description;

        public bool AllowImplicitName { get; init; }

        public bool Required { get; init; }

        public bool Flag { get; set; }
    }
}
