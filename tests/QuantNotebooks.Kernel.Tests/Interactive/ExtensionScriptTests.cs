using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;
using QuantNotebooks.Interactive;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Shift;
using QuantNotebooks.Tests;
using DotNetKernel = Microsoft.DotNet.Interactive.Kernel;

namespace QuantNotebooks.Kernel.Tests.Interactive;

/// <summary>The package's script, compiled and run against stand-ins for the host. The host is static, as the real one is, so the tests run one after the other.</summary>
public sealed class ExtensionScriptTests : IDisposable
{
    private static readonly string Model = Repository.PathOf("data", "models", "resnet14-fashion.onnx");
    private static readonly string Images = Repository.PathOf("data", "fashion-mnist", "calibration");
    private static readonly string Script = File.ReadAllText(Repository.PathOf("src", "QuantNotebooks.Interactive", "extension.dib"));

    // What the script writes to the console: the process's own is other tests' too.
    private readonly RecordingOutput written = new();

    public ExtensionScriptTests()
    {
        Forget();
        CellConsole.Install();
    }

    public void Dispose() => Forget();

    [Fact]
    public void ItIsWrittenFromTheCommandSet() => Approved.Check(ExtensionScript.Text, "src", "QuantNotebooks.Interactive", "extension.dib");

    [Fact]
    public async Task LoadedItAddsAMagicForEachCommandAndCarriesTheChartLibrary()
    {
        await LoadAsync(ExtensionLoad.Version);
        Assert.Equal("", written.AllText);
        Assert.Equal(CommandSet.All.Select(command => "#!quant-" + command.Name), DotNetKernel.Root.DirectiveNames);
        var html = Assert.Single(KernelInvocationContext.Current.Displayed).Html;
        Assert.Contains("plotly.js", html, StringComparison.Ordinal);
        Assert.EndsWith("#!quant-export.</div>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MagicsReadAndWriteVariablesAndTheirProgressBecomesTheResult()
    {
        await LoadAsync(ExtensionLoad.Version);
        Assert.Null((await DotNetKernel.Root.SubmitAsync($"#!quant-load \"{Model}\" --as net")).Failure);
        Assert.IsType<Network>(DotNetKernel.Root.Variables["net"]);
        var cell = await DotNetKernel.Root.SubmitAsync($"#!quant-shift net --images \"{Images}\" --count 8 --weight-bits 5 --per-channel --as shift");
        Assert.Null(cell.Failure);
        var shift = Assert.IsType<MeanShiftReport>(DotNetKernel.Root.Variables["shift"]);
        Assert.Equal(5, shift.Scheme.WeightBits);
        var displayed = Assert.Single(cell.Displayed);
        Assert.True(displayed.Values.Count > 1, "no progress was shown");
        Assert.Contains("<progress", ((Shown)displayed.Values[0]).Bundle[MimeBundle.Html], StringComparison.Ordinal);
        Assert.Contains("<table", displayed.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#!quant-shift --images x", "MODEL is missing")]
    [InlineData("#!quant-shift 'net' --images x", "MODEL is missing")]
    [InlineData("#!quant-shift net", "--images is missing")]
    [InlineData("#!quant-shift net --images=x", "--images is missing")]
    [InlineData("#!quant-shift net --images a --images b", "--images is missing")]
    [InlineData("#!quant-shift net --images x --weight-bits many", "--weight-bits must be")]
    [InlineData("#!quant-shift net --images x --as 3d", "--as must be the name of a C# variable")]
    [InlineData("#!quant-shift nowhere.onnx --images x", "nowhere.onnx")]
    public async Task WhatTheHostLosesOrTheUserGetsWrongFailsTheCellWithAMessage(string line, string message)
    {
        await LoadAsync(ExtensionLoad.Version);
        var cell = await DotNetKernel.Root.SubmitAsync(line);
        Assert.Contains(message, cell.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", cell.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInterruptFailsTheCellAndLeavesTheVariableAlone()
    {
        await LoadAsync(ExtensionLoad.Version);
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var cell = await DotNetKernel.Root.SubmitAsync($"#!quant-shift \"{Model}\" --images \"{Images}\" --count 64 --as shift", source.Token);
        Assert.Contains("interrupted", cell.Failure, StringComparison.Ordinal);
        Assert.False(DotNetKernel.Root.Variables.ContainsKey("shift"));
    }

    [Fact]
    public async Task LoadedTwiceItSaysSoOnce()
    {
        await LoadAsync(ExtensionLoad.Version);
        await LoadAsync(ExtensionLoad.Version);
        Assert.Equal($"QuantNotebooks.Interactive {ExtensionLoad.Version} is loaded already; its magics are there: #!quant-shift and the others.", written.AllText.Trim());
        Assert.Single(KernelInvocationContext.Current.Displayed);
    }

    [Fact]
    public async Task AnotherVersionIsRefusedWithOneMessage()
    {
        await LoadAsync(ExtensionLoad.Version);
        await LoadAsync("99.0.0");
        Assert.Equal($"QuantNotebooks.Interactive {ExtensionLoad.Version} is loaded already; restart the notebook's kernel to load 99.0.0.", written.AllText.Trim());
    }

    [Fact]
    public async Task AHostThatHasADirectiveOfThatNameGetsOneMessage()
    {
        await LoadAsync(ExtensionLoad.Version);
        AppContext.SetData("QuantNotebooks.Interactive.LoadedVersion", null);
        await LoadAsync(ExtensionLoad.Version);
        Assert.Equal($"QuantNotebooks.Interactive {ExtensionLoad.Version} could not be loaded: The directive #!quant-load is there already.", written.AllText.Trim());
    }

    [Theory]
    [InlineData("AddDirective<", "AddOldDirective<", "Microsoft.DotNet.Interactive.Kernel.AddDirective")]
    [InlineData("DisplayedValue Display(", "DisplayedValue DisplayOld(", "Microsoft.DotNet.Interactive.KernelInvocationContextExtensions.Display")]
    [InlineData("public bool AllowImplicitName", "public bool AllowNoName", "Microsoft.DotNet.Interactive.Directives.KernelDirectiveParameter.AllowImplicitName")]
    public async Task AHostWithoutOneOfTheCallsGetsOneMessage(string call, string other, string named)
    {
        using var folder = new TemporaryFolder();
        var source = File.ReadAllText(Repository.PathOf("tests", "QuantNotebooks.Kernel.Tests", "Interactive", "StandInHost.cs"))
            .Replace(call, other, StringComparison.Ordinal).Replace("known.AllowImplicitName", "true", StringComparison.Ordinal);
        var compiled = CSharpCompilation.Create("OldHost", [CSharpSyntaxTree.ParseText(source, cancellationToken: TestContext.Current.CancellationToken)],
            AppDomain.CurrentDomain.GetAssemblies().Where(assembly => IsOfThisProcess(assembly) && assembly.GetName().Name!.StartsWith("System", StringComparison.Ordinal))
                .Select(assembly => MetadataReference.CreateFromFile(assembly.Location)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var emitted = compiled.Emit(folder.File("OldHost.dll"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));
        var context = new AssemblyLoadContext("old host", isCollectible: true);
        await using (var file = File.OpenRead(folder.File("OldHost.dll")))
        {
            var obstacle = ExtensionLoad.Obstacle(ExtensionLoad.Version, context.LoadFromStream(file));
            Assert.StartsWith($"QuantNotebooks.Interactive {ExtensionLoad.Version} cannot be used here: this version of .NET Interactive has no {named}.", obstacle, StringComparison.Ordinal);
        }
        context.Unload();
        // The first cell still compiles there and says it; the second may not compile, which the host keeps to itself.
        Assert.DoesNotContain(Compiled(ExtensionScript.Cells(Script, "1.0.0")[0], folder.File("OldHost.dll")), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
    }

    private static IReadOnlyList<Diagnostic> Compiled(string cell, string host) => CSharpScript.Create(cell, ScriptOptions.Default
        .WithReferences(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => IsOfThisProcess(assembly) && assembly.GetName().Name != "QuantNotebooks.Kernel.Tests"))
        .AddReferences(MetadataReference.CreateFromFile(host), MetadataReference.CreateFromFile(typeof(ExtensionLoad).Assembly.Location))).Compile(TestContext.Current.CancellationToken);

    // Other tests load assemblies from folders that they delete again: only the runtime's and this program's own files are sure to be there.
    private static bool IsOfThisProcess(Assembly assembly) => !assembly.IsDynamic && Path.GetDirectoryName(assembly.Location) is { Length: > 0 } folder
        && (folder == Path.GetDirectoryName(typeof(object).Assembly.Location) || folder == AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private async Task LoadAsync(string version)
    {
        using var cell = RunningCell.Enter(0, written, default);
        var options = ScriptOptions.Default.WithLanguageVersion(LanguageVersion.Latest)
            .WithReferences(typeof(DotNetKernel).Assembly, typeof(ExtensionLoad).Assembly, typeof(MimeBundle).Assembly, typeof(Network).Assembly);
        ScriptState? state = null;
        foreach (var part in ExtensionScript.Cells(Script, version))
            state = state is null ? await CSharpScript.RunAsync(part, options) : await state.ContinueWithAsync(part, options);
    }

    private static void Forget()
    {
        AppContext.SetData("QuantNotebooks.Interactive.LoadedVersion", null);
        DotNetKernel.Root = new DotNetKernel();
        KernelInvocationContext.Current = new KernelInvocationContext(default);
    }
}
