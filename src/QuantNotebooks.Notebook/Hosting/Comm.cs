using System.Text.Json.Nodes;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// A line between a cell's code and a part of the notebook's page, Jupyter's comm. Thread safe. Handlers run one at a time, between cells.
/// </summary>
public sealed class Comm
{
    private readonly Action<string, JsonObject, IReadOnlyList<byte[]>> _send;
    private volatile bool _isClosed;

    internal Comm(string id, string target, Action<string, JsonObject, IReadOnlyList<byte[]>> send) => (Id, Target, _send) = (id, target, send);

    /// <summary>The comm's identifier, unique in the notebook.</summary>
    public string Id { get; }

    /// <summary>The name of what it connects to.</summary>
    public string Target { get; }

    /// <summary>Whether one side has closed it; sending does nothing then.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Called with each message of the page and its binary data.</summary>
    public Action<JsonObject, IReadOnlyList<byte[]>>? Received { get; set; }

    /// <summary>Called when the page closes the comm.</summary>
    public Action<JsonObject>? Closed { get; set; }

    /// <summary>Registers a target in the running cell's notebook: see <see cref="INotebookComms.RegisterTarget"/>.</summary>
    /// <exception cref="InvalidOperationException">The notebook has no page that could talk.</exception>
    public static void Register(string target, Action<Comm, JsonObject> opened) => Host.RegisterTarget(target, opened);

    /// <summary>Opens a comm to a target that the page of the running cell's notebook knows.</summary>
    /// <exception cref="InvalidOperationException">The notebook has no page that could talk.</exception>
    public static Comm Open(string target, JsonObject? data = null) => Host.Open(target, data);

    /// <summary>Sends a message to the page.</summary>
    public void Send(JsonObject data, params IReadOnlyList<byte[]> buffers)
    {
        if (!_isClosed) _send("comm_msg", data, buffers);
    }

    /// <summary>Closes the comm.</summary>
    public void Close(JsonObject? data = null)
    {
        if (_isClosed) return;
        _isClosed = true;
        _send("comm_close", data ?? [], []);
    }

    internal void CloseByPage() => _isClosed = true;

    private static INotebookComms Host => RunningCell.Output as INotebookComms
        ?? throw new InvalidOperationException("There is no page to talk to: this notebook runs without one.");
}
