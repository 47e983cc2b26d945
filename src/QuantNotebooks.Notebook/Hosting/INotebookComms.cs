using System.Text.Json.Nodes;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>What an <see cref="INotebookOutput"/> is too where the notebook's page can talk to cells. Implementations must be thread safe.</summary>
public interface INotebookComms
{
    /// <summary>Says what happens when the page opens a comm for a target. A later registration of the same name replaces an earlier one.</summary>
    /// <param name="target">The name.</param>
    /// <param name="opened">Gets the comm and the data that came with it. It may set <see cref="Comm.Received"/>.</param>
    void RegisterTarget(string target, Action<Comm, JsonObject> opened);

    /// <summary>Opens a comm to a target that the page knows.</summary>
    Comm Open(string target, JsonObject? data);
}
