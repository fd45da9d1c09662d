using System.Reflection;

namespace Tributary.Grains.Platform.Model;

/// <summary>
/// The model of the platform's API as data: object types, enums, services with their actions, and errors. It is read once from the text files
/// beside this one; what they do not name does not exist for a client.
/// </summary>
public sealed class Schema
{
    readonly Dictionary<string, ObjectType> _objects = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, EnumType> _enums = new(StringComparer.Ordinal);
    readonly Dictionary<string, ServiceType> _services = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, ErrorType> _errors = new(StringComparer.Ordinal);

    Schema()
    {
        ReadObjects();
        ReadEnums();
        ReadServices();
        ReadErrors();
    }

    public static Schema Instance { get; } = new();

    public IReadOnlyCollection<ServiceType> Services => [.. _services.Values.Distinct()];

    public IReadOnlyCollection<ObjectType> Objects => _objects.Values;

    public IReadOnlyCollection<ErrorType> Errors => _errors.Values;

    /// <summary>A type by its name, with or without the wire's prefix, without regard to case; null: there is none.</summary>
    public ObjectType? FindObject(string name) =>
        _objects.GetValueOrDefault(name.StartsWith(PlatformObject.Prefix, StringComparison.OrdinalIgnoreCase) ? name[PlatformObject.Prefix.Length..] : name);

    /// <summary>A type that the code knows to be there.</summary>
    public ObjectType Object(string name) => _objects[name];

    public EnumType? FindEnum(string name) => _enums.GetValueOrDefault(name);

    public ServiceType? FindService(string urlName) => _services.GetValueOrDefault(urlName);

    public ErrorType? FindError(string code) => _errors.GetValueOrDefault(code);

    // Name[*][<Parent] property:kind[!] …
    void ReadObjects()
    {
        foreach (var line in Lines("objects.txt"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var (head, parent) = words[0].Split('<') is [var child, var above] ? (child, _objects[above]) : (words[0], null);
            var name = head.TrimEnd('*');
            var own = words[1..].Select(word => word.Split(':', 2))
                .Select(pair => new Property(pair[0], ValueShape.Parse(pair[1].TrimEnd('!')), pair[1].EndsWith('!'), name)).ToArray();
            _objects[name] = new ObjectType(name, parent, head.EndsWith('*'), own);
        }
    }

    // Name E|e NAME=value …
    void ReadEnums()
    {
        foreach (var line in Lines("enums.txt"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var values = words[2..].Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]), StringComparer.Ordinal);
            _enums[words[0]] = new EnumType(words[0], words[1] == "E", values);
        }
    }

    // urlname name, and below it: " action(parameter:kind[?][=default] …) Returns"
    void ReadServices()
    {
        var (url, actions) = ("", new Dictionary<string, ActionType>());
        foreach (var line in Lines("services.txt"))
        {
            if (line[0] != ' ')
            {
                var names = line.Split(' ');
                actions = new Dictionary<string, ActionType>(StringComparer.OrdinalIgnoreCase);
                url = names[0];
                _services[url] = new ServiceType(url, names[1], actions);
                continue;
            }

            var (open, close) = (line.IndexOf('('), line.LastIndexOf(')'));
            var name = line[1..open];
            var parameters = line[(open + 1)..close].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ParameterOf).ToArray();
            actions[name] = new ActionType(url, name, parameters, line[(close + 2)..]);
        }

        _services["wowza_livestreamconversionprofile"] = _services["wowza_liveconversionprofile"];   // the name that older documentation gives
    }

    static Parameter ParameterOf(string word)
    {
        var colon = word.IndexOf(':');
        var rest = word[(colon + 1)..];
        var question = rest.IndexOf('?');
        return question < 0
            ? new Parameter(word[..colon], ValueShape.Parse(rest), false, null)
            : new Parameter(word[..colon], ValueShape.Parse(rest[..question]), true, rest.Length > question + 1 ? rest[(question + 2)..] : null);
    }

    // CODE ARGUMENT … [| ARGUMENT …] [tab message [| message]]
    void ReadErrors()
    {
        foreach (var line in Lines("errors.txt"))
        {
            var halves = line.Split('\t');
            var head = halves[0].Split(' ', 2);
            var arguments = (head.Length > 1 ? head[1] : "").Split('|')
                .Select(list => (IReadOnlyList<string>)list.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
            var messages = halves.Length > 1 ? halves[1].Split(" | ") : [.. arguments.Select(list => Describe(head[0], list))];
            _errors[head[0]] = new ErrorType(head[0], arguments, messages);
        }
    }

    static string Describe(string code, IReadOnlyList<string> arguments)
    {
        var words = code.Replace('_', ' ').ToLowerInvariant();
        return $"{char.ToUpperInvariant(words[0])}{words[1..]}{string.Concat(arguments.Select(name => $" [@{name}@]"))}";
    }

    static IEnumerable<string> Lines(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Platform/" + file)
            ?? throw new InvalidOperationException($"The resource {file} is missing.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                yield return line;
            }
        }
    }
}
