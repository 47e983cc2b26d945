using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>Records as tables: one record as a row a property, a sequence of them as a column a property.</summary>
internal static class RecordTable
{
    /// <summary>Elements of a sequence beyond this number are counted where the sequence knows its size, and not shown.</summary>
    internal const int RowLimit = 1000;

    private const int ItemsInCell = 8;
    private const int LongestItems = 120;

    /// <summary>Whether values of this type are shown by their properties: records, anonymous types, and what the packages of this project define.</summary>
    public static bool IsRecord(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || typeof(Delegate).IsAssignableFrom(type) || typeof(Exception).IsAssignableFrom(type) || typeof(Type).IsAssignableFrom(type)) return false;
        return type.Assembly.GetName().Name?.StartsWith("QuantNotebooks.", StringComparison.Ordinal) == true
            || type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null
            || type.IsDefined(typeof(CompilerGeneratedAttribute)) && type.Name.Contains("AnonymousType", StringComparison.Ordinal);
    }

    /// <summary>The properties that a value of this type shows: public, readable, without parameters, and of a kind that can be stored.</summary>
    public static IEnumerable<(string Name, Type Type, Func<object, object?> Read)> PropertiesOf(Type type)
    {
        if (type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true) return type.GetFields().Select(field => (field.Name, field.FieldType, (Func<object, object?>)field.GetValue));
        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0 && !property.PropertyType.IsByRefLike && !property.PropertyType.IsPointer)
            .DistinctBy(property => property.Name)
            .Select(property => (property.Name, property.PropertyType, (Func<object, object?>)(value => Read(property, value))));
    }

    /// <summary>One value, a row a property.</summary>
    public static Table Of(object value) => new(
        [new TableColumn("property", false), new TableColumn("value", false)],
        [.. PropertiesOf(value.GetType()).Select(property => ImmutableArray.Create(new TableCell(Text.HeadingText.Of(property.Name)), Cell(property.Read(value), number => Text.NumberText.Significant(number))))]);

    /// <summary>A sequence of values that have properties, a row each; null where they have none.</summary>
    public static Table? Of(IEnumerable rows)
    {
        if (rows is string or IDictionary || ElementType(rows.GetType()) is not { } type || !HasColumns(type)) return null;
        var properties = PropertiesOf(type).ToArray();
        if (properties.Length == 0) return null;
        var read = new List<object?[]>();
        var more = false;
        foreach (var row in rows)
        {
            if (more = read.Count == RowLimit) break;
            read.Add([.. properties.Select(property => row is null ? null : property.Read(row))]);
        }
        var formats = properties.Select((property, column) => CellText.FormatOf(
            read.Select(row => row[column]).Where(value => value is double or float).Select(value => Convert.ToDouble(value, CultureInfo.InvariantCulture)), Text.HeadingText.Of(property.Name))).ToArray();
        return new Table(
            [new TableColumn("#", true, "number of the row", IsRowNumber: true), .. properties.Select(property => new TableColumn(Text.HeadingText.Of(property.Name), CellText.IsNumeric(property.Type)) { Name = property.Name })],
            [.. read.Select((row, index) => row.Select((value, column) => Cell(value, formats[column]))
                .Prepend(new TableCell(index.ToString(CultureInfo.InvariantCulture))).ToImmutableArray())])
        { Footnote = more ? rows is ICollection all ? $"{Text.NumberText.Count(all.Count - RowLimit, "more row")}" : "more rows follow" : null };
    }

    private static TableCell Cell(object? value, Func<double, string> number) => value switch
    {
        Network network => new TableCell(network.Name),
        Layer layer => new TableCell(layer.Name),
        ImageSet images => new TableCell(images.ToString()),
        IEnumerable sequence and not string => Items(sequence),
        _ => CellText.Cell(value, number),
    };

    private static TableCell Items(IEnumerable sequence)
    {
        // A default ImmutableArray holds nothing, and says so by throwing.
        if (sequence.GetType().GetProperty("IsDefault")?.GetValue(sequence) is true) return new TableCell("");
        var items = sequence.Cast<object?>().Take(ItemsInCell + 1).Select(item => Cell(item, number => Text.NumberText.Significant(number)).Text).ToList();
        var count = sequence is ICollection collection ? collection.Count : (int?)null;
        var text = Text.LayerText.Shortened(string.Join(", ", items.Take(ItemsInCell)), LongestItems);
        return new TableCell(items.Count <= ItemsInCell ? text : count is null ? $"{text}, …" : $"{text}, … {Text.NumberText.Count(count.Value)} in all");
    }

    private static object? Read(PropertyInfo property, object value)
    {
        try
        {
            return property.GetValue(value);
        }
        catch (TargetInvocationException error)
        {
            return $"not known: {error.InnerException?.Message ?? error.Message}";
        }
    }

    private static Type? ElementType(Type sequence)
    {
        var elements = sequence.GetInterfaces().Append(sequence)
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            .Select(type => type.GetGenericArguments()[0]).ToArray();
        return elements.Length == 1 ? elements[0] : null;
    }

    private static bool HasColumns(Type type) => !(type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(object) || typeof(IEnumerable).IsAssignableFrom(type)
        || typeof(Type).IsAssignableFrom(type) || type.Namespace == "System" && type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) != true);
}
