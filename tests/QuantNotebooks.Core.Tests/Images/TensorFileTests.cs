using System.Runtime.InteropServices;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Tensors of NumPy files, which are a network's input as they are.</summary>
public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reads_tensors_of_each_version(byte version)
    {
        float[] values = [1, 2, 3, 4, 5, 6];
        var set = Load("x.npy", NpyBytes.WithHeader("{'shape': (3, 1, 2), 'fortran_order': False, 'descr': '<f4'}", MemoryMarshal.AsBytes(values.AsSpan()), version));
        Assert.Equal(3, set.Count);
        Assert.Equal([1, 2], set.TensorShape!);
        Assert.Equal("x: 3 images, tensors of [1, 2], no labels", set.ToString());
        Assert.Equal([3f, 4f, 5f, 6f], Values(set.Skip(1)));
        Assert.Equal("tensor 2", set.Skip(1).NameOf(1));
        Assert.Contains("holds tensors, not images", Assert.Throws<QuantNotebooksException>(() => set[0]).Message, StringComparison.Ordinal);
        Assert.NotEqual(set.Sha256, set.Skip(1).Sha256);
        Assert.Same(set, set.WithoutBroken());
    }

    [Fact]
    public void A_zip_file_holds_the_same_and_may_hold_labels()
    {
        var array = NpyBytes.Floats("(2, 2)", 1, 2, 3, 4);
        var plain = Load("x.npy", array);
        var zipped = Load("x.npz", NpyBytes.Zip(("arr_0.npy", array)));
        Assert.Equal(Values(plain), Values(zipped));
        Assert.Equal(plain.Sha256, zipped.Sha256);
        long[] labels = [7, 0];
        var labelled = Load("y.npz", NpyBytes.Zip(("labels.npy", NpyBytes.File("<i8", "(2,)", MemoryMarshal.AsBytes(labels.AsSpan()))), ("images.npy", array)));
        Assert.Equal([7, 0], labelled.Labels!);
        Assert.Equal(Values(plain), Values(labelled));
    }

    [Theory]
    [InlineData("<f8", "(1, 2)", "False", 16, "FILE holds values of type '<f8'; float32 tensors ('<f4') are read.")]
    [InlineData("|O", "(1, 2)", "False", 8, "FILE holds values of type '|O'; float32 tensors ('<f4') are read.")]
    [InlineData(">f4", "(1, 2)", "False", 8, "FILE holds values of type '>f4'; float32 tensors ('<f4') are read.")]
    [InlineData("<f4", "(2, 2)", "True", 16, "FILE is in Fortran order; save it in C order (numpy.ascontiguousarray).")]
    [InlineData("<f4", "(2,)", "False", 8, "FILE has the shape (2); tensors [N, ...] of two or more dimensions are read.")]
    [InlineData("<f4", "()", "False", 4, "FILE has the shape (); tensors [N, ...] of two or more dimensions are read.")]
    [InlineData("<f4", "(0, 2)", "False", 0, "FILE has the shape (0, 2); each size must be from 1 to 2147483647.")]
    [InlineData("<f4", "(99999999999, 2)", "False", 0, "FILE has the shape (99999999999, 2); each size must be from 1 to 2147483647.")]
    [InlineData("<f4", "(2, 2)", "False", 15, "FILE is cut short: its shape (2, 2) takes 16 bytes, it holds 15.")]
    [InlineData("<f4", "(2, 2)", "False", 17, "FILE is too long: its shape (2, 2) takes 16 bytes, it holds 17.")]
    [InlineData("<f4", "(1, 2147483647, 2147483647)", "False", 4, "FILE has the shape (1, 2147483647, 2147483647), so one tensor has 4,611,686,014,132,420,609 values; at most 268,435,456 are read.")]
    public void What_is_wrong_with_an_array_is_said(string type, string shape, string order, int length, string message) =>
        Fails(message, "x.npy", NpyBytes.File(type, shape, new byte[length], order));

    [Fact]
    public void What_is_no_array_is_said()
    {
        Fails("FILE is not a NumPy array (.npy): it does not start with \\x93NUMPY.", "x.npy", "no array at all"u8.ToArray());
        Fails("FILE is not a NumPy array (.npy): it does not start with \\x93NUMPY.", "x.npy", []);
        Fails("FILE is cut short: it ends within its NumPy header.", "x.npy", NpyBytes.Floats("(1, 2)", 1, 2)[..60]);
        Fails("FILE is a NumPy array of format version 9; 1 to 3 are read.", "x.npy", NpyBytes.WithHeader("{}", [], 9));
        Fails("FILE has a NumPy header that is not understood; it must name a simple type, the order and the shape.", "x.npy",
            NpyBytes.WithHeader("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}", new byte[4]));
        Fails("FILE is not a zip file of NumPy arrays (.npz), or it is damaged.", "x.npz", NpyBytes.Floats("(1, 2)", 1, 2));
    }

    [Fact]
    public void What_is_wrong_with_a_zip_file_is_said()
    {
        var array = NpyBytes.Floats("(1, 2)", 1, 2);
        Fails("FILE holds 0 arrays; it must hold one, the tensors, and may hold another, 'labels'.", "x.npz", NpyBytes.Zip());
        Fails("FILE holds 2 arrays ('a.npy', 'b.npy'); it must hold one, the tensors, and may hold another, 'labels'.", "x.npz",
            NpyBytes.Zip(("a.npy", array), ("b.npy", array)));
        Fails("FILE: labels.npy has the type '<f4' and the shape (1, 2); labels are one dimension of whole numbers.", "x.npz",
            NpyBytes.Zip(("a.npy", array), ("labels.npy", array)));
        Fails("FILE holds 2 labels for 1 tensors; there must be one label a tensor.", "x.npz",
            NpyBytes.Zip(("a.npy", array), ("labels.npy", NpyBytes.File("|u1", "(2,)", [1, 2]))));
        Fails("FILE: label 0 is -1; a label is the number of a class, from 0 on.", "x.npz",
            NpyBytes.Zip(("a.npy", array), ("labels.npy", NpyBytes.File("|i1", "(1,)", [255]))));
    }

    [Fact]
    public void A_zip_bomb_is_not_unpacked()
    {
        var bomb = NpyBytes.Zip(("a.npy", [.. NpyBytes.Floats("(1, 2)", 1, 2), .. new byte[50_000_000]]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fails("FILE: a.npy has another length than its shape (1, 2) says: that takes 8 bytes, it holds more.", "x.npz", bomb);
        Fails("FILE: a.npy has another length than its shape (9999, 9999) says: that takes 399,920,004 bytes, it cannot hold that many.", "x.npz",
            NpyBytes.Zip(("a.npy", NpyBytes.Floats("(9999, 9999)", 1, 2))));
        Fails("FILE: a.npy unpacks to 4,000,000,000 bytes; at most 1,073,741,824 are read from a .npz file. Save it as .npy, which is read piece by piece.", "x.npz",
            NpyBytes.Zip(("a.npy", NpyBytes.Floats("(100000, 10000)", 1, 2))));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    private ImageSet Load(string name, byte[] content) => ImageSet.Load(_folder.Write(name, content));

    private void Fails(string message, string name, byte[] content)
    {
        var file = _folder.Write(name, content);
        Assert.Equal(message.Replace("FILE", file, StringComparison.Ordinal), Assert.Throws<QuantNotebooksException>(() => ImageSet.Load(file)).Message);
    }

    private static float[] Values(ImageSet set)
    {
        var values = new float[set.Count * set.TensorShape!.Aggregate(1, (product, size) => product * size)];
        set.ReadTensors(0, set.Count, values);
        return values;
    }
}
