using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>A sequence of records as one HTML table: a column for each public property, a row for each record.</summary>
internal static class RowTable
{
    /// <summary>Rows beyond this number are counted where the collection knows its size, and not shown.</summary>
    internal const int RowLimit = 100;

    private const int CellLimit = 120;

    /// <summary>Writes the table, or nothing and returns false where the elements have no properties to make columns of.</summary>
    public static bool TryWrite(IEnumerable rows, TextWriter writer)
    {
        if (rows is string or IDictionary || ElementType(rows.GetType()) is not { } type || ColumnsOf(type) is not { Length: > 0 } columns) return false;
        writer.Write("<table class=\"quant-table\"><thead><tr>");
        foreach (var column in columns) writer.Write($"<th{Alignment(IsNumber(column.Type))}>{WebUtility.HtmlEncode(column.Name)}</th>");
        writer.Write("</tr></thead><tbody>");
        var shown = 0;
        var more = false;
        foreach (var row in rows)
        {
            if (more = shown == RowLimit) break;
            WriteRow(row, columns, writer);
            shown++;
        }
        writer.Write("</tbody></table>");
        if (more) writer.Write($"<p><em>{(rows is ICollection all ? $"{all.Count - shown} more rows" : "more rows follow")}</em></p>");
        return true;
    }

    private static void WriteRow(object? row, Column[] columns, TextWriter writer)
    {
        writer.Write("<tr>");
        foreach (var column in columns)
        {
            var value = row is null ? null : column.Read(row);
            writer.Write($"<td{Alignment(value is not null && IsNumber(value.GetType()))}>{WebUtility.HtmlEncode(Text(value))}</td>");
        }
        writer.Write("</tr>");
    }

    private static string Text(object? value)
    {
        var text = value switch
        {
            null => "",
            double number => number.ToString("G6", CultureInfo.InvariantCulture),
            float number => number.ToString("G6", CultureInfo.InvariantCulture),
            string already => already,
            IEnumerable sequence => string.Join(", ", sequence.Cast<object?>().Take(CellLimit).Select(Text)),
            IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
        return text.Length <= CellLimit ? text : string.Concat(text.AsSpan(0, CellLimit - 1), "…");
    }

    private static string Alignment(bool isNumber) => isNumber ? " style=\"text-align:right\"" : "";

    private static bool IsNumber(Type type) => !type.IsEnum && Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) is >= TypeCode.SByte and <= TypeCode.Decimal;

    private static Type? ElementType(Type sequence)
    {
        var elements = sequence.GetInterfaces().Append(sequence)
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            .Select(type => type.GetGenericArguments()[0]).ToArray();
        return elements.Length == 1 ? elements[0] : null;
    }

    private static Column[] ColumnsOf(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(object) || typeof(IEnumerable).IsAssignableFrom(type)
            || typeof(Type).IsAssignableFrom(type) || type.Namespace == "System" && !IsTuple(type)) return [];
        if (IsTuple(type)) return [.. type.GetFields().Select(field => new Column(field.Name, field.FieldType, field.GetValue))];
        return [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0 && !property.PropertyType.IsByRefLike)
            .Select(property => new Column(property.Name, property.PropertyType, property.GetValue))];
    }

    private static bool IsTuple(Type type) => type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true;

    private sealed record Column(string Name, Type Type, Func<object, object?> Read);
}
