using System.Text;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>
/// Collects the outputs of a notebook that is being executed. plotly.js comes before the first chart, once. Thread safe: cells' threads write
/// while the runner reads; <see cref="Complete"/> is when the notebook's JSON changes.
/// </summary>
internal sealed class NotebookRecorder
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, JsonObject> displays = [];
    private readonly List<CellOutput> open = [];
    private bool hasPlotly;

    /// <summary>Begins a cell: what the result receives becomes that cell's outputs.</summary>
    public CellOutput Begin(NotebookCell cell)
    {
        lock (gate)
        {
            var output = new CellOutput(this, cell);
            open.Add(output);
            return output;
        }
    }

    /// <summary>Moves all that has been collected into the notebook's cells. What arrives later is lost; call it when nothing runs any more.</summary>
    public void Complete()
    {
        lock (gate)
        {
            foreach (var output in open) output.Flush();
            open.Clear();
        }
    }

    /// <summary>The output of one cell.</summary>
    internal sealed class CellOutput(NotebookRecorder recorder, NotebookCell cell) : INotebookOutput
    {
        private readonly List<JsonObject> outputs = [];
        private readonly StringBuilder text = new();
        private OutputStream textStream;

        public void Write(OutputStream stream, string newText)
        {
            lock (recorder.gate)
            {
                if (stream != textStream) FlushText();
                textStream = stream;
                text.Append(newText);
            }
        }

        public void Display(MimeBundle bundle, string? displayId)
        {
            var output = NotebookOutputs.Display(bundle);
            lock (recorder.gate)
            {
                Add(bundle, output);
                if (displayId is not null) recorder.displays[displayId] = output;
            }
        }

        public void Update(string displayId, MimeBundle bundle)
        {
            var data = NotebookOutputs.Data(bundle);
            lock (recorder.gate)
            {
                if (!recorder.displays.TryGetValue(displayId, out var output)) return; // shown by a host before this one
                AddPlotlyIfNeeded(bundle);
                output["data"] = data;
            }
        }

        // Waiting makes no difference where nobody looks on.
        public void Clear(bool wait)
        {
            lock (recorder.gate)
            {
                text.Clear();
                // plotly.js stays: charts of other cells need it.
                outputs.RemoveAll(output => !NotebookOutputs.IsPlotly(output));
            }
        }

        /// <summary>Adds the cell's value or error, as its last output so far.</summary>
        public void Finish(CellResult result)
        {
            lock (recorder.gate)
            {
                cell.ExecutionCount = result.Number;
                if (result.Error is { } error)
                {
                    FlushText();
                    outputs.Add(NotebookOutputs.Error(error));
                }
                else if (result is CellSucceeded { Display: { } bundle })
                {
                    Add(bundle, NotebookOutputs.Result(bundle, result.Number));
                }
            }
        }

        internal void Flush()
        {
            FlushText();
            cell.Outputs.Clear();
            foreach (var output in outputs) cell.Outputs.Add((JsonNode)output);
        }

        private void Add(MimeBundle bundle, JsonObject output)
        {
            FlushText();
            AddPlotlyIfNeeded(bundle);
            outputs.Add(output);
        }

        private void AddPlotlyIfNeeded(MimeBundle bundle)
        {
            if (recorder.hasPlotly || !PlotlyScript.IsNeededBy(bundle)) return;
            FlushText();
            outputs.Add(NotebookOutputs.Display(PlotlyScript.Bootstrap));
            recorder.hasPlotly = true;
        }

        private void FlushText()
        {
            if (text.Length == 0) return;
            outputs.Add(NotebookOutputs.Stream(textStream, text.ToString()));
            text.Clear();
        }
    }
}
