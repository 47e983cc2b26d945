using System.Text;

namespace QuantNotebooks.Images;

/// <summary>Reads comma-separated values (RFC 4180): records end in a line break of any kind, empty lines are none, and a field in quotes may hold commas, line breaks and doubled quotes.</summary>
internal sealed class CsvRecords(TextReader reader)
{
    private readonly List<string> _fields = [];
    private readonly StringBuilder _field = new();
    private int _nextLine = 1;

    /// <summary>The line on which the record begins that was read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>The fields of the next record; null after the last.</summary>
    /// <exception cref="FormatException">A quote stands where none may, or one does not end; <see cref="Line"/> says in which record.</exception>
    public string[]? Read()
    {
        while (IsLineBreak(reader.Peek())) TakeLineBreak();
        if (reader.Peek() < 0) return null;
        Line = _nextLine;
        _fields.Clear();
        do _fields.Add(ReadField());
        while (TakeComma());
        if (reader.Peek() >= 0) TakeLineBreak();
        return [.. _fields];
    }

    private string ReadField()
    {
        _field.Clear();
        if (reader.Peek() == '"') ReadQuoted();
        else while (!IsEndOfField(reader.Peek())) Append(reader.Read());
        if (!IsEndOfField(reader.Peek())) throw new FormatException("Something follows the quote that ends a field.");
        return _field.ToString();
    }

    private void Append(int character)
    {
        if (character == '"') throw new FormatException("A quote stands in a field that does not begin with one.");
        _field.Append((char)character);
    }

    private void ReadQuoted()
    {
        reader.Read();
        while (true)
        {
            var character = reader.Read();
            if (character < 0) throw new FormatException("A quoted field does not end.");
            if (character == '"' && reader.Peek() != '"') return;
            if (character == '"') reader.Read();
            // Of "\r\n" the second counts.
            else if (character == '\n' || character == '\r' && reader.Peek() != '\n') _nextLine++;
            _field.Append((char)character);
        }
    }

    private bool TakeComma()
    {
        if (reader.Peek() != ',') return false;
        reader.Read();
        return true;
    }

    private void TakeLineBreak()
    {
        if (reader.Read() == '\r' && reader.Peek() == '\n') reader.Read();
        _nextLine++;
    }

    private static bool IsLineBreak(int character) => character is '\r' or '\n';

    private static bool IsEndOfField(int character) => character is < 0 or ',' or '\r' or '\n';
}
