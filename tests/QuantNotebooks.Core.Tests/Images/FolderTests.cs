using System.Text;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Folders of image files: which images are in the set, in which order, with which labels.</summary>
public sealed class FolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_of_a_folder_come_in_ordinal_order_without_labels()
    {
        Put("b.png", 2);
        Put("B.PNG", 1);
        Put("c.png", 3);
        Put(".hidden.png", 9);
        _folder.Write("notes.txt", [1]);

        var set = Load();

        Assert.Equal([1, 2, 3], Reds(set));
        Assert.Null(set.Labels);
        Assert.Null(set.LabelNames);
        Assert.Equal($"{set.Name}: 3 images, no labels", set.ToString());
        Assert.Equal("b.png", set.NameOf(1));
        Assert.Equal("b.png", set.Skip(1).NameOf(0));
    }

    [Fact]
    public void Sub_folders_name_classes_which_take_turns()
    {
        Put("dog/1.png", 4);
        Put("cat/2.png", 2);
        Put("cat/1.png", 1);
        Put("cat/3.png", 3);

        var set = Load();

        Assert.Equal([1, 4, 2, 3], Reds(set));
        Assert.Equal(["cat", "dog"], set.LabelNames!);
        Assert.Equal([0, 1, 0, 0], set.Labels!);
        Assert.Equal(Path.Combine("dog", "1.png"), set.NameOf(1));
    }

    [Fact]
    public void Sub_folders_named_by_whole_numbers_are_numbers_of_classes()
    {
        Put("10/1.png", 1);
        Put("9/1.png", 2);
        var set = Load();
        Assert.Equal([10, 9], set.Labels!);
        Assert.Null(set.LabelNames);
    }

    [Fact]
    public void A_table_lists_the_images_with_labels()
    {
        Put("a.png", 1);
        Put("b.png", 2);
        Put("in/c.png", 3);
        Table("file,label\nin/c.png,\"cat, black\"\na.png,dog\n");

        var set = Load();

        Assert.Equal([3, 1], Reds(set));
        Assert.Equal(["cat, black", "dog"], set.LabelNames!);
        Assert.Equal([0, 1], set.Labels!);
    }

    [Fact]
    public void A_table_lists_the_images_with_texts()
    {
        Put("a.png", 1);
        Put("b.png", 2);
        Table("\uFEFFfile,text\r\nb.png,\"say \"\"hi\"\"\"\r\n\r\na.png,\r\n");

        var set = Load();

        Assert.Equal([2, 1], Reds(set));
        Assert.Equal(["say \"hi\"", ""], set.Texts!);
        Assert.Equal([""], set.Skip(1).Texts!);
        Assert.Null(set.Labels);
        Assert.EndsWith(": 2 images, with texts", set.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Hashes_tell_texts_and_names_of_labels_apart()
    {
        Put("a.png", 1);
        var hashes = new List<string> { Load().Sha256 };
        foreach (var table in new[] { "file,text\na.png,x\n", "file,text\na.png,y\n", "file,label\na.png,x\n", "file,label\na.png,y\n", "file,label\na.png,0\n" })
        {
            Table(table);
            hashes.Add(Load().Sha256);
        }

        Assert.Equal(hashes.Count, hashes.Distinct().Count());
    }

    [Theory]
    [InlineData("", "FILE starts with ''; its first line must be 'file,label' or 'file,text'.")]
    [InlineData("a.png,cat\n", "FILE starts with 'a.png,cat'; its first line must be 'file,label' or 'file,text'.")]
    [InlineData("file,label\n", "FILE lists no images.")]
    [InlineData("file,label\na.png,cat\na.png,dog\n", "FILE: line 3 lists 'a.png' again, after line 2.")]
    [InlineData("file,label\na.png,cat\nno.png,dog\n", "FILE: line 3 lists 'no.png', which is not there.")]
    [InlineData("file,label\na.png\n", "FILE: line 2 has 1 fields; it must have 2, 'file,label'.")]
    [InlineData("file,label\na.png,cat,dog\n", "FILE: line 2 has 3 fields; it must have 2, 'file,label'.")]
    [InlineData("file,label\na.png,\n", "FILE: line 2 has no label for 'a.png'.")]
    [InlineData("file,label\n,cat\n", "FILE: line 2 names no file.")]
    [InlineData("file,label\n../a.png,cat\n", "FILE: line 2 lists '../a.png'; files must lie in the table's folder or below it.")]
    [InlineData("file,label\n/a.png,cat\n", "FILE: line 2 lists '/a.png'; files must lie in the table's folder or below it.")]
    [InlineData("file,label\nlabels.csv,cat\n", "FILE: line 2 lists 'labels.csv', which is not named like an image; PNG, JPEG, BMP and WebP are read.")]
    [InlineData("file,label\na.png,\"cat\n", "FILE: line 2 is not well-formed CSV: a field with a quote must stand in quotes, with its own quotes doubled.")]
    [InlineData("file,label\na.png,c\"at\n", "FILE: line 2 is not well-formed CSV: a field with a quote must stand in quotes, with its own quotes doubled.")]
    public void A_wrong_table_is_named_with_its_line(string table, string message)
    {
        Put("a.png", 1);
        Table(table);
        Fails(message.Replace("FILE", Path.Combine(_folder.Path, "labels.csv"), StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_that_is_not_text_says_so()
    {
        _folder.Write("labels.csv", [.. "file,label\n"u8, 0xFF, 0xFE, (byte)'\n']);
        Fails($"{Path.Combine(_folder.Path, "labels.csv")} is not UTF-8 text.");
    }

    [Fact]
    public void A_folder_that_can_be_read_in_two_ways_is_refused()
    {
        Put("a.png", 1);
        Put("in/b.png", 1);
        Fails($"The folder {_folder.Path} holds images itself (a.png) and in {_folder.Path}/in; either all or none may lie in sub-folders, which name their classes.");
    }

    [Fact]
    public void A_folder_of_sets_is_no_set()
    {
        Put("train/a.png", 1);
        Put("test/cat/a.png", 1);
        Fails($"The folder {_folder.Path}/test holds no images itself, so it is no class of {_folder.Path}; each sub-folder must hold the images of one class. Did you mean one of the sub-folders?");
        Put("test/a.png", 1);
        _folder.Write("test/labels.csv", "file,label\na.png,1\n"u8.ToArray());
        Fails($"The folder {_folder.Path} is not a set: {_folder.Path}/test is one, with a labels.csv of its own. Give that.");
    }

    [Fact]
    public void Images_of_a_kind_that_is_not_read_are_not_left_out_silently()
    {
        Put("a.png", 1);
        var other = _folder.Write("b.tiff", [1]);
        Fails($"{other} is an image of a kind that is not read; PNG, JPEG, BMP and WebP are. Convert it or take it out of the folder.");
    }

    private void Put(string name, byte red) => _folder.Write(name, PngBytes.Rgb8(1, 1, red, 0, 0));

    private void Table(string text) => _folder.Write("labels.csv", Encoding.UTF8.GetBytes(text));

    private ImageSet Load() => ImageSet.Load(_folder.Path);

    private static IEnumerable<int> Reds(ImageSet set) => Enumerable.Range(0, set.Count).Select(i => (int)set[i].Pixels.Span[0]);

    private void Fails(string message) => Assert.Equal(message, Assert.Throws<QuantNotebooksException>(Load).Message);
}
