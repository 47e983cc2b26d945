using Google.Protobuf;
using Google.Protobuf.Reflection;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Damages a model at random, by its bytes or by the fields of its messages.</summary>
internal static class Damage
{
    /// <summary>Flips a few bits and, now and then, cuts the end off.</summary>
    public static byte[] Bytes(byte[] original, Random random)
    {
        // The structure stands in the small messages between the weights: half of the damage goes to the first kilobytes.
        var bytes = random.Next(4) == 0 ? original[..random.Next(original.Length)] : (byte[])original.Clone();
        if (bytes.Length == 0) return bytes;
        for (var flips = random.Next(1, 8); flips > 0; flips--)
        {
            var at = random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(bytes.Length, 20_000));
            bytes[at] ^= (byte)(1 << random.Next(8));
        }
        return bytes;
    }

    /// <summary>Deletes, doubles, swaps or replaces fields of one to three messages anywhere in the model.</summary>
    public static ModelProto Fields(ModelProto original, Random random)
    {
        var model = original.Clone();
        for (var count = random.Next(1, 4); count > 0; count--) DamageOne(Choose(model, random), model, random);
        return model;
    }

    /// <summary>A walk down from the model to a message; it stops more often the deeper it is.</summary>
    private static IMessage Choose(IMessage message, Random random)
    {
        for (var depth = 0; depth < 6; depth++)
        {
            var inner = Children(message);
            if (inner.Count == 0 || depth > 1 && random.Next(4) == 0) return message;
            message = inner[random.Next(inner.Count)];
        }
        return message;
    }

    private static List<IMessage> Children(IMessage message)
    {
        var children = new List<IMessage>();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message) continue;
            if (field.IsRepeated)
            {
                // One of each kind of list, or the weights would hide the few other messages.
                var list = (System.Collections.IList)field.Accessor.GetValue(message);
                children.AddRange(list.Cast<IMessage>().Take(400));
            }
            else if (field.Accessor.GetValue(message) is IMessage inner) children.Add(inner);
        }
        return children;
    }

    private static void DamageOne(IMessage message, ModelProto model, Random random)
    {
        var fields = message.Descriptor.Fields.InDeclarationOrder().Where(field => IsSet(field, message)).ToList();
        if (fields.Count == 0 || random.Next(8) == 0)
        {
            // A field that was not there.
            var all = message.Descriptor.Fields.InDeclarationOrder().Where(field => !field.IsRepeated && field.FieldType != FieldType.Message).ToList();
            if (all.Count > 0) SetScalar(all[random.Next(all.Count)], message, model, random);
            return;
        }
        var chosen = fields[random.Next(fields.Count)];
        if (chosen.IsRepeated) DamageList((System.Collections.IList)chosen.Accessor.GetValue(message), model, random);
        else if (chosen.FieldType == FieldType.Message || random.Next(3) == 0) chosen.Accessor.Clear(message);
        else SetScalar(chosen, message, model, random);
    }

    private static bool IsSet(FieldDescriptor field, IMessage message) => field.Accessor.GetValue(message) switch
    {
        System.Collections.IList list => list.Count > 0,
        string text => text.Length > 0,
        ByteString bytes => bytes.Length > 0,
        long number => number != 0,
        int number => number != 0,
        float number => number != 0,
        Enum value => Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture) != 0,
        var other => other is not null,
    };

    private static void DamageList(System.Collections.IList list, ModelProto model, Random random)
    {
        var (one, other) = (random.Next(list.Count), random.Next(list.Count));
        switch (random.Next(5))
        {
            case 0: list.RemoveAt(one); break;
            case 1: list.Add(list[one] is IMessage message ? Clone(message) : list[one]); break;
            case 2: (list[one], list[other]) = (list[other], list[one]); break;
            case 3 when list[one] is IMessage inner: DamageOne(inner, model, random); break;
            default:
                list[one] = list[one] switch
                {
                    long => Number(random),
                    string => Name(model, random),
                    float => (float)Number(random),
                    int => (int)Number(random),
                    var same => same,
                };
                break;
        }
    }

    private static IMessage Clone(IMessage message) => message.Descriptor.Parser.ParseFrom(message.ToByteArray());

    private static void SetScalar(FieldDescriptor field, IMessage message, ModelProto model, Random random)
    {
        object? value = field.FieldType switch
        {
            FieldType.Int64 => Number(random),
            FieldType.Int32 => random.Next(3) == 0 ? (int)Number(random) : random.Next(0, 25),
            FieldType.UInt64 => (ulong)Number(random),
            FieldType.Float => (float)Number(random),
            FieldType.String => Name(model, random),
            FieldType.Bytes when field.Accessor.GetValue(message) is ByteString bytes => ByteString.CopyFrom(bytes.Span[..(bytes.Length / 2)]),
            FieldType.Enum => random.Next(0, 15),
            _ => null,
        };
        if (value is not null) field.Accessor.SetValue(message, value);
    }

    private static long Number(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => -1,
        2 => random.Next(-10, 40),
        3 => 1L << random.Next(63),
        4 => random.NextInt64(),
        _ => long.MinValue,
    };

    /// <summary>Some other name of the model: of a tensor, an operator or an attribute.</summary>
    private static string Name(ModelProto model, Random random)
    {
        if (model.Graph is not { Node.Count: > 0 } graph) return "elsewhere";
        var node = graph.Node[random.Next(graph.Node.Count)];
        return random.Next(6) switch
        {
            0 => node.OpType,
            1 when node.Output.Count > 0 => node.Output[random.Next(node.Output.Count)],
            2 when node.Input.Count > 0 => node.Input[random.Next(node.Input.Count)],
            3 when node.Attribute.Count > 0 => node.Attribute[random.Next(node.Attribute.Count)].Name,
            4 => "",
            _ => "elsewhere",
        };
    }
}
