using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Tests.Jupyter;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Fuzzing;

/// <summary>Damaged messages: frames, signatures and JSON. What is not signed is never taken, and what is signed never brings the kernel down.</summary>
public sealed class WireFuzzTests(RunningKernel kernel) : IClassFixture<RunningKernel>
{
    private const string Key = "a secret";

    private const string Header = """{"msg_id":"1","session":"s","username":"u","date":"2026-01-02T03:04:05Z","msg_type":"execute_request","version":"5.3"}""";

    private const string Content = """{"code":"1 + 1","silent":false,"store_history":true,"user_expressions":{"a":"b"},"cursor_pos":3,"comm_id":"c","target_name":"t","data":{"x":[1]}}""";

    [Fact]
    public void DamagedMessages()
    {
        var wire = new WireFormat(Key);
        var (taken, number) = (0, 0);
        var result = QuantNotebooks.Tests.Fuzzing.Run(4_000, 41, Damaged, input =>
        {
            var message = new NetMQMessage(input.Frames.Select(frame => new NetMQFrame(frame)));
            if (wire.TryRead(message, KernelChannel.Shell, out var read, out var reason))
            {
                Assert.True(input.IsSigned, "a message without a right signature was taken");
                Assert.NotEmpty(read.Type);
                taken++;
            }
            else Assert.NotEmpty(reason);
        }, mostBytes: 8 << 20);
        Assert.InRange(taken, 1, result.Accepted - 1);

        (List<byte[]> Frames, bool IsSigned) Damaged(Random random)
        {
            // Each its own id, or it would be one that has come before.
            byte[][] parts = [Utf8(Header.Replace("\"1\"", $"\"{number++}\"", StringComparison.Ordinal)), Utf8("{}"), Utf8("{}"), Utf8(Content)];
            var which = random.Next(parts.Length);
            parts[which] = Utf8(Mutation.Json(Encoding.UTF8.GetString(parts[which]) is "{}" ? """{"msg_id":"p"}""" : Encoding.UTF8.GetString(parts[which]), random));
            var isSigned = random.Next(3) > 0;
            var signature = Sign(parts, isSigned ? Key : "another");
            List<byte[]> frames = [[1, 2], Utf8("<IDS|MSG>"), signature, .. parts, [9]];
            if (isSigned) return (frames, true);
            switch (random.Next(4))
            {
                case 0: frames.RemoveAt(random.Next(frames.Count)); break;
                case 1: frames[2] = Mutation.Bytes(signature, random); break;
                case 2: frames.Insert(random.Next(frames.Count), Mutation.Bytes(parts[0], random)); break;
                default: frames[random.Next(2)] = Mutation.Bytes(frames[1], random); break;
            }
            return (frames, false);
        }
    }

    [Fact]
    public void DamagedRequestsDoNotBringTheKernelDown()
    {
        // Not those that run code: damaged code may well loop for ever, and that is its right.
        string[] types =
        [
            "kernel_info_request", "complete_request", "inspect_request", "is_complete_request", "history_request", "comm_info_request", "comm_open", "comm_msg", "comm_close", "input_reply", "gossip_request",
        ];
        using var client = kernel.Connect();
        var random = new Random(42);
        DealerSocket[] sockets = [client.Shell, client.Control, client.Stdin];
        for (var index = 0; index < LongRun.Cases(50); index++)
        {
            JsonObject? content = null;
            while (content is null)
            {
                try
                {
                    content = JsonNode.Parse(Mutation.Json(Content, random))?.DeepClone() as JsonObject;
                }
                catch (Exception error) when (error is System.Text.Json.JsonException or ArgumentException)
                {
                    // Not JSON any more: the kernel would not look into it.
                }
            }
            client.Send(sockets[random.Next(sockets.Length)], types[random.Next(types.Length)], content);
            // Not all at once, for each may take a slow machine a while, and the answer is awaited for half a minute only.
            if (index % 5 == 4) Assert.Equal("2", client.Value("1 + 1"));
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Sign(byte[][] parts, string key) =>
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), parts.SelectMany(part => part).ToArray())));
}
