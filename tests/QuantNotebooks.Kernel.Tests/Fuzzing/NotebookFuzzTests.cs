using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Fuzzing;

/// <summary>Damaged notebooks and connection files are read or refused by name, and what is read can be written and read again.</summary>
public sealed class NotebookFuzzTests
{
    private const string Dib = """
        #!meta
        {"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp","languageName":"C#","aliases":["c#"]},{"name":"fsharp","languageName":"F#"}]}}
        #!csharp
        1 + 1
        #!markdown
        # A heading with `code` and ```fences```
        #!fsharp
        let y = 1
        #!html
        <b>bold</b>
        """;

    private static readonly string Notebook = """
        {"nbformat":4,"nbformat_minor":5,"metadata":{"kernelspec":{"language":"C#","name":"x"},"other":[1,2]},"cells":[
        {"cell_type":"markdown","id":"a","metadata":{},"source":["# Title\n","![p](attachment:p.png) $x^2$"],"attachments":{"p.png":{"image/png":"iVBORw0KGgo="}}},
        {"cell_type":"code","id":"b","metadata":{"tags":["parameters"]},"source":"1 + 1","execution_count":1,"outputs":[
        {"output_type":"execute_result","data":{"text/plain":"2","text/html":"<b>2</b>"},"metadata":{},"execution_count":1},
        {"output_type":"stream","name":"stdout","text":["a\n","b"]},{"output_type":"error","ename":"E","evalue":"v","traceback":["t"]},
        {"output_type":"display_data","data":{"image/png":"iVBORw0KGgo="},"metadata":{}}]},
        {"cell_type":"raw","metadata":{},"source":""}]}
        """;

    [Fact]
    public void DamagedJupyterNotebooks() => TakesSome(QuantNotebooks.Tests.Fuzzing.Run(2_500, 21, random => Mutation.Json(Notebook, random), text =>
    {
        var document = NotebookDocument.Parse(text, "fuzz.ipynb");
        Assert.Equal(document.ToString(), NotebookDocument.Parse(document.ToString(), "again.ipynb").ToString());
        Assert.Contains("<html", HtmlExport.ToHtml(document, "fuzz.ipynb"), StringComparison.Ordinal);
    }, mostBytes: 64 << 20, refusal => refusal is NotebookFileException));

    [Fact]
    public void DamagedPolyglotNotebooks() => TakesSome(QuantNotebooks.Tests.Fuzzing.Run(2_500, 22, random => Mutation.Text(Dib, random), text =>
    {
        var document = DibNotebook.Parse(text, "fuzz.dib");
        Assert.Equal(document.ToString(), NotebookDocument.Parse(document.ToString(), "again.ipynb").ToString());
    }, mostBytes: 4 << 20, refusal => refusal is NotebookFileException));

    [Fact]
    public void DamagedConnectionFiles()
    {
        const string file = """{"transport":"tcp","ip":"127.0.0.1","key":"abc","signature_scheme":"hmac-sha256","shell_port":1,"control_port":2,"iopub_port":3,"stdin_port":4,"hb_port":5}""";
        TakesSome(QuantNotebooks.Tests.Fuzzing.Run(
            1_500, 23, random => Mutation.Json(file, random), text => Assert.True(System.Net.IPAddress.IsLoopback(ConnectionFile.Parse(text, "fuzz").Address)), mostBytes: 1 << 20,
            refusal => refusal is ConnectionFileException));
    }

    private static void TakesSome(FuzzingResult result) => Assert.True(result is { Accepted: > 0, Refused: > 0 }, $"{result}");
}
