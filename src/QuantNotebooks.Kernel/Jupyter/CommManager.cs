using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>The open comms of a kernel and the targets that cells have registered. Thread safe.</summary>
/// <param name="sockets">Where messages go.</param>
internal sealed class CommManager(KernelSockets sockets)
{
    private readonly ConcurrentDictionary<string, Comm> _comms = new();
    private readonly ConcurrentDictionary<string, Action<Comm, JsonObject>> _targets = new();

    public void RegisterTarget(string target, Action<Comm, JsonObject> opened) => _targets[target] = opened;

    /// <summary>Opens a comm to the page.</summary>
    public Comm Open(JupyterMessage? parent, string target, JsonObject? data)
    {
        var comm = Add(Guid.NewGuid().ToString("n"), target);
        sockets.Publish("comm_open", parent, new JsonObject
        {
            ["comm_id"] = comm.Id, ["target_name"] = target, ["data"] = data?.DeepClone() ?? new JsonObject(),
        });
        return comm;
    }

    /// <summary>The user's code that a message of the page is for, or null where there is none.</summary>
    public Action? HandlerOf(JupyterMessage message)
    {
        var id = message.Content.Text("comm_id");
        var data = message.Content.Child("data");
        switch (message.Type)
        {
            case "comm_open":
                return Opened(message, id, data);
            case "comm_msg" when _comms.GetValueOrDefault(id)?.Received is { } received:
                return () => received(data, message.Buffers);
            case "comm_close" when _comms.TryRemove(id, out var comm):
                comm.CloseByPage();
                return comm.Closed is { } closed ? () => closed(data) : null;
            default:
                return null;
        }
    }

    /// <summary>The content of a <c>comm_info_reply</c>.</summary>
    /// <param name="target">Only comms of this target; empty for all.</param>
    public JsonObject Info(string target)
    {
        var comms = new JsonObject();
        foreach (var comm in _comms.Values.Where(comm => target.Length == 0 || comm.Target == target))
            comms[comm.Id] = new JsonObject { ["target_name"] = comm.Target };
        return new JsonObject { ["status"] = "ok", ["comms"] = comms };
    }

    private Action? Opened(JupyterMessage message, string id, JsonObject data)
    {
        if (_targets.TryGetValue(message.Content.Text("target_name"), out var opened))
        {
            var comm = Add(id, message.Content.Text("target_name"));
            return () =>
            {
                try
                {
                    opened(comm, data);
                }
                catch
                {
                    // Nobody will ever listen to it.
                    comm.Close();
                    throw;
                }
            };
        }
        // The protocol's answer to a target that nobody knows.
        sockets.Publish("comm_close", message, new JsonObject { ["comm_id"] = id, ["data"] = new JsonObject() });
        return null;
    }

    private Comm Add(string id, string target)
    {
        var comm = new Comm(id, target, (type, data, buffers) =>
        {
            if (type == "comm_close") _comms.TryRemove(id, out _);
            sockets.Publish(type, null, new JsonObject { ["comm_id"] = id, ["data"] = data.DeepClone() }, null, buffers);
        });
        _comms[id] = comm;
        return comm;
    }
}
