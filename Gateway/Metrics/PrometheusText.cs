using System.Globalization;
using System.Text;

namespace Tributary.Gateway.Metrics;

/// <summary>
/// Measurements in Prometheus' text format 0.0.4: names in lower case with underscores and their base unit, counters ending in _total, histograms
/// with cumulative buckets.
/// </summary>
static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IReadOnlyList<InstrumentSeries> instruments)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var metric in instruments.GroupBy(NameOf, StringComparer.Ordinal))
        {
            // Two meters may have an instrument of one name; its type and help stand once.
            var first = metric.First();
            text.Append("# HELP ").Append(metric.Key).Append(' ');
            Escape(text, first.Instrument.Description ?? "", isLabel: false);
            text.Append("\n# TYPE ").Append(metric.Key).Append(' ').Append(TypeOf(first)).Append('\n');
            foreach (var instrument in metric.Where(same => TypeOf(same) == TypeOf(first)))
            {
                foreach (var series in instrument.All)
                {
                    Write(text, metric.Key, instrument, series);
                }
            }
        }

        return text.ToString();
    }

    internal static string NameOf(InstrumentSeries series)
    {
        var name = new StringBuilder(series.Instrument.Name.Length + 16);
        foreach (var letter in series.Instrument.Name)
        {
            name.Append(char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '_');
        }

        if (char.IsAsciiDigit(name[0]))
        {
            name.Insert(0, '_');
        }

        Suffix(name, UnitOf(series.Instrument.Unit));
        if (series.IsMonotonic)
        {
            Suffix(name, "total");
        }

        return name.ToString();
    }

    static void Suffix(StringBuilder name, string suffix)
    {
        if (suffix.Length > 0 && !name.ToString().EndsWith("_" + suffix, StringComparison.Ordinal))
        {
            name.Append('_').Append(suffix);
        }
    }

    // UCUM units as OpenTelemetry writes them; {things} are counts and have none.
    static string UnitOf(string? unit) => unit switch
    {
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "By" => "bytes",
        "bit/s" => "bits_per_second",
        "%" => "percent",
        "1" => "ratio",
        _ => "",
    };

    static string TypeOf(InstrumentSeries series) => series.IsHistogram ? "histogram" : series.IsMonotonic ? "counter" : "gauge";

    static void Write(StringBuilder text, string name, InstrumentSeries instrument, InstrumentSeries.Series series)
    {
        lock (series)
        {
            if (!instrument.IsHistogram)
            {
                Line(text, name, series.Tags, null, series.Value);
                return;
            }

            long cumulative = 0;
            for (var index = 0; index < series.Buckets.Length; index++)
            {
                cumulative += series.Buckets[index];
                var bound = index < instrument.Bounds.Count ? Number(instrument.Bounds[index]) : "+Inf";
                Line(text, name + "_bucket", series.Tags, bound, cumulative);
            }

            Line(text, name + "_sum", series.Tags, null, series.Value);
            Line(text, name + "_count", series.Tags, null, series.Count);
        }
    }

    static void Line(StringBuilder text, string name, IReadOnlyList<KeyValuePair<string, object?>> tags, string? bound, double value)
    {
        text.Append(name);
        if (tags.Count > 0 || bound is not null)
        {
            text.Append('{');
            foreach (var (key, tag) in tags)
            {
                Label(text, key, Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "");
            }

            if (bound is not null)
            {
                Label(text, "le", bound);
            }

            text[^1] = '}';   // in place of the last comma
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    static void Label(StringBuilder text, string key, string value)
    {
        foreach (var letter in key)
        {
            text.Append(char.IsAsciiLetterOrDigit(letter) ? letter : '_');
        }

        text.Append("=\"");
        Escape(text, value, isLabel: true);
        text.Append("\",");
    }

    static void Escape(StringBuilder text, string value, bool isLabel)
    {
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '"' when isLabel => text.Append("\\\""),
                _ => text.Append(letter),
            };
        }
    }

    static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
