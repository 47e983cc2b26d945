namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// Which cell of the notebook carries plotly.js: the first that shows a chart. Run again, that cell must carry it again, for its outputs are
/// replaced. Thread safe.
/// </summary>
internal sealed class ChartLibrary
{
    private readonly Lock _gate = new();
    private string? _cell;
    private string? _request;

    /// <summary>Whether the request's cell is to show plotly.js before its next chart.</summary>
    public bool MustBeShownBy(JupyterMessage request)
    {
        // Notebook 6 names no cells; there the code has to do.
        var cell = request.Metadata.Text("cellId") is { Length: > 0 } id ? id : request.Content.Text("code");
        lock (_gate)
        {
            if (_request == request.Id || _cell is not null && _cell != cell) return false;
            (_cell, _request) = (cell, request.Id);
            return true;
        }
    }
}
