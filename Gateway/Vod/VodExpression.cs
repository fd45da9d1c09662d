using System.Text;

namespace Tributary.Gateway.Vod;

/// <summary>
/// A directive's value with variables, as nginx writes them: <c>https://$host/$vod_suburi</c>, <c>${vod_set_id}x</c>. Variables are checked when it is
/// read, so that evaluating it cannot fail; one that has no value is empty.
/// </summary>
public sealed class VodExpression
{
    readonly (string Text, bool IsVariable)[] _parts;

    VodExpression(string source, (string Text, bool IsVariable)[] parts) => (Source, _parts) = (source, parts);

    /// <summary>As it was written.</summary>
    public string Source { get; }

    /// <summary>Whether it is the same for every request.</summary>
    public bool IsConstant => _parts.All(part => !part.IsVariable);

    /// <summary>Reads an expression; <paramref name="problem"/> names a variable that there is none of.</summary>
    public static VodExpression? Parse(string source, out string problem)
    {
        var (parts, text, at) = (new List<(string, bool)>(), new StringBuilder(), 0);
        problem = "";
        while (at < source.Length)
        {
            if (source[at] != '$')
            {
                text.Append(source[at++]);
                continue;
            }

            var braced = at + 1 < source.Length && source[at + 1] == '{';
            var from = at + (braced ? 2 : 1);
            var end = from;
            while (end < source.Length && (char.IsAsciiLetterOrDigit(source[end]) || source[end] == '_'))
            {
                end++;
            }

            var name = source[from..end];
            if (!VodVariables.IsKnown(name) || braced && (end == source.Length || source[end] != '}'))
            {
                problem = $"there is no variable ${name}";
                return null;
            }

            if (text.Length > 0)
            {
                parts.Add((text.ToString(), false));
                text.Clear();
            }

            parts.Add((name, true));
            at = braced ? end + 1 : end;
        }

        if (text.Length > 0)
        {
            parts.Add((text.ToString(), false));
        }

        return new(source, [.. parts]);
    }

    public string Evaluate(VodVariables variables)
    {
        if (_parts is [] or [(_, false)])
        {
            return Source;
        }

        var text = new StringBuilder();
        foreach (var (part, isVariable) in _parts)
        {
            text.Append(isVariable ? variables[part] : part);
        }

        return text.ToString();
    }
}
