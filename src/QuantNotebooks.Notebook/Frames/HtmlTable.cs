using System.Globalization;
using System.Net;
using System.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>
/// A table for a notebook: colours come from the page, so it reads in light and dark; a click on a heading sorts, unless rows were left out,
/// for then the order would not be that of the whole table. No style sheet, no network, and nothing global: many tables share a page.
/// </summary>
internal static class HtmlTable
{
    private const string CellStyle = "padding:2px 10px;border:0;border-bottom:1px solid rgba(128,128,128,.25);white-space:nowrap;";

    /// <summary>A text longer than this may break at its spaces, as a sentence; names and numbers may not.</summary>
    private const int LongestName = 24;

    private const string SentenceStyle = "white-space:normal;min-width:15em;";

    private const string SortScript = """
        (function(id){document.querySelectorAll('table[data-quant-table="'+id+'"]').forEach(function(t){
        if(t.quantSorts)return;t.quantSorts=true;var body=t.tBodies[0];
        Array.prototype.forEach.call(t.tHead.rows[0].cells,function(th,i){var up=false;function sort(){up=!up;
        var rows=Array.prototype.slice.call(body.rows),key=function(r){var v=r.cells[i].getAttribute('data-v');return v===null?r.cells[i].textContent:+v};
        rows.sort(function(a,b){var x=key(a),y=key(b);if(x===''||y==='')return(x==='')-(y==='');
        var c=typeof x==='number'&&typeof y==='number'?x-y:String(x).localeCompare(String(y),undefined,{numeric:true});return up?c:-c});
        rows.forEach(function(r){body.appendChild(r)});
        Array.prototype.forEach.call(t.tHead.rows[0].cells,function(h){h.removeAttribute('aria-sort')});th.setAttribute('aria-sort',up?'ascending':'descending')}
        th.style.cursor='pointer';th.tabIndex=0;th.title='sort';th.addEventListener('click',sort);
        th.addEventListener('keydown',function(e){if(e.key==='Enter')sort()})})})})
        """;

    /// <summary>Renders a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="id">Unique on the page: letters, digits and '-'.</param>
    public static string Render(Table table, string id)
    {
        var html = new StringBuilder();
        html.Append("<div style=\"overflow-x:auto\"><table data-quant-table=\"").Append(id)
            .Append("\" style=\"border-collapse:collapse;margin:6px 0;font-size:13px;font-variant-numeric:tabular-nums;\"><thead><tr>");
        foreach (var column in table.Columns)
            html.Append("<th style=\"").Append(CellStyle).Append("border-bottom-width:2px;").Append(Alignment(column))
                .Append("\">").Append(Escaped(column.Title)).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in table.Rows)
        {
            html.Append("<tr>");
            if (row is { } cells)
                for (var column = 0; column < cells.Length; column++) AppendCell(html, table.Columns[column], cells[column]);
            else
                html.Append("<td colspan=\"").Append(table.Columns.Length.ToString(CultureInfo.InvariantCulture)).Append("\" style=\"").Append(CellStyle)
                    .Append("text-align:left;opacity:.65;\">").Append(Escaped(table.HiddenRowsText)).Append("</td>");
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div>");
        if (table.Rows.IsEmpty) html.Append("<div style=\"opacity:.65;font-size:12px\">no rows</div>");
        if (table.HiddenColumns > 0)
            html.Append("<div style=\"opacity:.65;font-size:12px\">").Append(Text.NumberText.Count(table.HiddenColumns, "column")).Append(" not shown</div>");
        if (table.HiddenRows == 0 && table.Rows.Length > 1) html.Append("<script>").Append(SortScript).Append("(\"").Append(id).Append("\")</script>");
        return html.ToString();
    }

    private static void AppendCell(StringBuilder html, TableColumn column, TableCell cell)
    {
        html.Append("<td style=\"").Append(CellStyle).Append(cell.Text.Length > LongestName ? SentenceStyle : "").Append(Alignment(column)).Append('"');
        if (cell.Number is { } number && double.IsFinite(number)) html.Append(" data-v=\"").Append(number.ToString("R", CultureInfo.InvariantCulture)).Append('"');
        if (cell.Full is { } full) html.Append(" title=\"").Append(Escaped(full)).Append('"');
        html.Append('>').Append(Escaped(cell.Text)).Append("</td>");
    }

    private static string Alignment(TableColumn column) => column.IsNumeric ? "text-align:right;" : "text-align:left;";

    private static string Escaped(string text) => WebUtility.HtmlEncode(text);
}
