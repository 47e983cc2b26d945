using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>The exercises of the course with the answers of the teacher's note put in.</summary>
public sealed partial class CourseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quantnb-course-").FullName;

    public static TheoryData<string> Lessons => new(RepositoryNotebook.All.Where(path => path.StartsWith(Path.Combine("notebooks", "course"), StringComparison.Ordinal)));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task Every_answer_of_the_teachers_note_is_right(string lesson)
    {
        var notebook = JsonNode.Parse(await File.ReadAllTextAsync(Repository.PathOf(lesson), TestContext.Current.CancellationToken))!;
        var cells = notebook["cells"]!.AsArray();
        var answers = AnswersOf(RepositoryNotebook.Cells(lesson, "markdown").First().Split('\n')[0]["# ".Length..]);
        var exercises = cells.Where(cell => cell!["metadata"]!["tags"] is JsonArray tags && tags.Any(tag => (string)tag! == "exercise")).ToList();
        Assert.Equal(exercises.Select(cell => NameIn((string)cell!["source"]![0]!)), answers.Select(answer => NameIn("x " + answer)));
        // Where it lies in the repository, the notebook finds the data and the checks.
        var home = Directory.CreateDirectory(Path.Combine(_folder, "notebooks", "course")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(_folder, "data"), Repository.PathOf("data"));
        File.Copy(Repository.PathOf("notebooks", "course", "course.csx"), Path.Combine(home, "course.csx"));
        foreach (var (cell, answer) in exercises.Zip(answers)) cell!["source"]!.AsArray().Add("\n" + answer);
        var path = Path.Combine(home, "answered.ipynb");
        await File.WriteAllTextAsync(path, notebook.ToJsonString(), TestContext.Current.CancellationToken);

        var (exitCode, _, errors) = await RepositoryNotebook.RunAsync(path, _folder);
        Assert.True(exitCode == 0, errors);
        Assert.Contains($"{answers.Count} of {answers.Count} exercises are right", await File.ReadAllTextAsync(Path.Combine(_folder, "answered.ipynb"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>The lines of code below the lesson's title in the teacher's note.</summary>
    private static List<string> AnswersOf(string lesson)
    {
        var note = File.ReadAllText(Repository.PathOf("notebooks", "course", "README.md"));
        var section = note[note.IndexOf($"### {lesson}\n", StringComparison.Ordinal)..];
        return [.. section.Split("```csharp\n")[1].Split("```")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>The variable in <c>TYPE NAME = ...</c>.</summary>
    private static string NameIn(string line) => Variable().Match(line).Groups[1].Value;

    [GeneratedRegex(@"^.*?(\w+) = ")]
    private static partial Regex Variable();
}
