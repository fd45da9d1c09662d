using System.Globalization;
using System.Text.Json;

namespace Tributary.Bench;

/// <summary>Prints figures as a table for people and as JSON lines for programs.</summary>
sealed class Table(string benchmark, params string[] columns)
{
    readonly List<string[]> _rows = [];
    readonly List<string> _lines = [];

    public void Add(params object[] values)
    {
        _rows.Add([.. values.Select(Text)]);
        _lines.Add(JsonSerializer.Serialize(
            new Dictionary<string, object>(columns.Zip(values, KeyValuePair.Create).Prepend(KeyValuePair.Create("benchmark", (object)benchmark)))));
    }

    public void Print()
    {
        string[][] all = [columns, .. _rows];
        var widths = columns.Select((_, i) => all.Max(row => row[i].Length)).ToArray();
        Console.WriteLine($"\n== {benchmark}");
        foreach (var row in all)
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))));
        }

        _lines.ForEach(Console.WriteLine);
    }

    static string Text(object value) => value switch
    {
        double number => number.ToString("0.###", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
