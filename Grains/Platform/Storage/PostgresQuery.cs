using System.Globalization;
using System.Text;
using Npgsql;

namespace Tributary.Grains.Platform.Storage;

/// <summary>Queries in SQL over the table TributaryObjects. Values are parameters; field names are checked, since they stand in the text.</summary>
sealed class PostgresQuery
{
    /// <summary>What can be read as a number, also where it is text; indexes name it letter for letter.</summary>
    const string NumberPattern = @"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$";

    readonly StringBuilder _where = new();
    readonly NpgsqlCommand _command;

    PostgresQuery(NpgsqlCommand command) => _command = command;

    public static void Fill(NpgsqlCommand command, ObjectQuery query)
    {
        var sql = new PostgresQuery(command);
        sql._where.Append("Kind = ").Append(sql.Parameter(query.Kind));
        if (query.Partner is { } partner)
        {
            sql._where.Append(" AND Partner ").Append(query.WithPlatform ? $"IN (0, {sql.Parameter(partner)})" : $"= {sql.Parameter(partner)}");
        }

        if (query.Where is { } condition)
        {
            sql._where.Append(" AND ").Append(sql.Say(condition));
        }

        var (field, direction) = (Field(query.OrderBy), query.Descending ? "DESC" : "ASC");
        var nulls = query.Descending ? "NULLS LAST" : "NULLS FIRST";
        command.CommandText =
            $"""
            SELECT Id, Partner, Version, Value::text, count(*) OVER () FROM TributaryObjects WHERE {sql._where}
            ORDER BY CASE WHEN jsonb_typeof(Value->'{field}') = 'number' THEN (Value->>'{field}')::numeric END {direction} {nulls},
                     lower(Value->>'{field}') COLLATE "C" {direction} {nulls}, Id COLLATE "C" {direction}
            OFFSET {query.Skip.ToString(CultureInfo.InvariantCulture)} LIMIT {query.Take.ToString(CultureInfo.InvariantCulture)}
            """;
    }

    string Say(Condition condition) => condition switch
    {
        Every { Of.Count: 0 } => "TRUE",
        Any { Of.Count: 0 } => "FALSE",
        Every every => $"({string.Join(" AND ", every.Of.Select(Say))})",
        Any any => $"({string.Join(" OR ", any.Of.Select(Say))})",
        Not not => $"(NOT coalesce({Say(not.Of)}, FALSE))",
        FreeText text => Text(text.Words),
        Test test => Say(test),
        _ => "FALSE",
    };

    string Say(Test test)
    {
        var field = $"(Value->>'{Field(test.Field)}')";
        var number = $"(CASE WHEN {field} ~ '{NumberPattern}' THEN {field}::numeric ELSE 0 END)";
        return test.Kind switch
        {
            TestKind.In when test.Field == "id" => $"(Id = ANY({Parameter(test.Values)}))",   // the same, and the key
            TestKind.In => $"({(test.Values.Any(value => value is "0" or "1") ? Plain(field) : field)} = ANY({Parameter(test.Values)}))",
            TestKind.ContainsAny => $"({field} ILIKE ANY({Parameter(test.Values.Select(Contains).ToArray())}))",
            TestKind.ContainsAll => $"({field} IS NOT NULL AND {field} ILIKE ALL({Parameter(test.Values.Select(Contains).ToArray())}))",
            TestKind.ListsAny => $"({Elements(field)} && {Parameter(Lower(test.Values))})",
            TestKind.ListsAll => $"({Elements(field)} @> {Parameter(Lower(test.Values))})",
            TestKind.StartsWith => $"({field} ILIKE ANY({Parameter(test.Values.Select(value => Escape(value) + "%").ToArray())}))",
            TestKind.AtLeast => $"({field} IS NOT NULL AND {number} >= {Parameter(Number(test.Values[0]))})",
            TestKind.AtMost => $"({field} IS NOT NULL AND {number} <= {Parameter(Number(test.Values[0]))})",
            TestKind.IsSet => $"(coalesce({field}, '') <> '')",
            _ => "FALSE",
        };
    }

    // Truth is 1 or 0 for a client.
    static string Plain(string field) => $"(CASE {field} WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE {field} END)";

    static string Elements(string field) => $"array_remove(string_to_array(regexp_replace(lower(btrim({field})), '\\s*,\\s*', ',', 'g'), ','), '')";

    // Punctuation parts words, as in the column; the parts of one must follow one another.
    string Text(string words)
    {
        var terms = ConditionMatch.Words(words)
            .Select(word => (Letters: new string([.. word.Select(letter => char.IsLetterOrDigit(letter) ? letter : ' ')]).Trim(), Begins: word.EndsWith('*'))).ToArray();
        return terms.Length == 0 ? "TRUE"
            : terms.Any(term => term.Letters.Length == 0) ? "FALSE"
            : $"(Search @@ to_tsquery('simple', {Parameter(string.Join(" & ", terms.Select(term => $"'{term.Letters}'{(term.Begins ? ":*" : "")}")))}))";
    }

    string Parameter(object value)
    {
        _command.Parameters.Add(new NpgsqlParameter { Value = value });
        return "$" + _command.Parameters.Count.ToString(CultureInfo.InvariantCulture);
    }

    static string[] Lower(string[] values) => [.. values.Select(value => value.ToLowerInvariant())];

    static decimal Number(string text) => decimal.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    static string Contains(string value) => $"%{Escape(value)}%";

    static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    static string Field(string name) => name.Length is > 0 and <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')
        ? name
        : throw new ArgumentException("A field's name has letters, digits and underscores.", nameof(name));
}
