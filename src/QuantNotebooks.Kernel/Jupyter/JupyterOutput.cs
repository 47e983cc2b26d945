using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>The output of one cell: messages to all clients, as answers to the request that runs it. Thread safe, and open after the cell has ended.</summary>
internal sealed class JupyterOutput : INotebookOutput, INotebookInput, INotebookComms
{
    private readonly KernelSockets _sockets;
    private readonly JupyterMessage _request;
    private readonly ChartLibrary _charts;
    private readonly CommManager _comms;
    private readonly StandardInput? _input;
    private readonly StreamBuffer _streams;

    /// <summary>Opens the output of a cell.</summary>
    /// <param name="sockets">Where to send.</param>
    /// <param name="request">The request that runs the cell.</param>
    /// <param name="charts">Which cell has plotly.js.</param>
    /// <param name="comms">The kernel's comms.</param>
    /// <param name="input">Asks the user; null where the client cannot.</param>
    public JupyterOutput(KernelSockets sockets, JupyterMessage request, ChartLibrary charts, CommManager comms, StandardInput? input)
    {
        _sockets = sockets;
        _request = request;
        _charts = charts;
        _comms = comms;
        _input = input;
        _streams = new StreamBuffer((stream, text) => _sockets.Publish("stream", _request, new JsonObject
        {
            ["name"] = stream == OutputStream.Out ? "stdout" : "stderr",
            ["text"] = text,
        }));
    }

    public void Write(OutputStream stream, string text) => _streams.Write(stream, text);

    public void Display(MimeBundle bundle, string? displayId) => Show("display_data", bundle, displayId);

    public void Update(string displayId, MimeBundle bundle) => Show("update_display_data", bundle, displayId);

    public void Clear(bool wait)
    {
        _streams.Flush();
        _sockets.Publish("clear_output", _request, new JsonObject { ["wait"] = wait });
    }

    public string? ReadLine(string prompt, bool isSecret)
    {
        if (_input is null) throw new InvalidOperationException("There is nobody to ask: the program that runs this cell takes no input from a user.");
        _streams.Flush();
        return _input.ReadLine(_request, prompt, isSecret, RunningCell.CancellationToken);
    }

    public void RegisterTarget(string target, Action<Comm, JsonObject> opened) => _comms.RegisterTarget(target, opened);

    public Comm Open(string target, JsonObject? data) => _comms.Open(_request, target, data);

    /// <summary>Shows the cell's value.</summary>
    public void Result(MimeBundle bundle, int number)
    {
        ShowChartLibraryFor(bundle);
        _sockets.Publish("execute_result", _request, new JsonObject
        {
            ["execution_count"] = number, ["data"] = HtmlTwin.Add(bundle).ToJson(), ["metadata"] = new JsonObject(),
        });
    }

    /// <summary>Shows why the cell failed.</summary>
    public void Error(CellError error)
    {
        _streams.Flush();
        _sockets.Publish("error", _request, TracebackColours.ToJson(error));
    }

    /// <summary>Sends text that waits.</summary>
    public void Flush() => _streams.Flush();

    private void Show(string type, MimeBundle bundle, string? displayId)
    {
        ShowChartLibraryFor(bundle);
        var content = new JsonObject { ["data"] = HtmlTwin.Add(bundle).ToJson(), ["metadata"] = new JsonObject(), ["transient"] = new JsonObject() };
        if (displayId is not null) content["transient"]!["display_id"] = displayId;
        _sockets.Publish(type, _request, content);
    }

    private void ShowChartLibraryFor(MimeBundle bundle)
    {
        _streams.Flush();
        if (!PlotlyScript.IsNeededBy(bundle) || !_charts.MustBeShownBy(_request)) return;
        _sockets.Publish("display_data", _request, new JsonObject
        {
            ["data"] = PlotlyScript.Bootstrap.ToJson(), ["metadata"] = new JsonObject(), ["transient"] = new JsonObject(),
        });
    }
}
