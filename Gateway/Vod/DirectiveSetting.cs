using System.Globalization;
using Tributary.Media.Sets;

namespace Tributary.Gateway.Vod;

/// <summary>One directive's values, and the location that they are set in. Each method says null, or what is wrong.</summary>
sealed class DirectiveSetting(VodLocation location, IReadOnlyDictionary<string, VodUpstream> upstreams, string[] values)
{
    public VodLocation Location { get; private set; } = location;

    string? One(Func<string, string?> set) => values.Length == 1 ? set(values[0]) : "takes one value";

    string? Options(PackagingOptions options)
    {
        Location = Location with { Options = options };
        return null;
    }

    string? Set(VodLocation changed)
    {
        Location = changed;
        return null;
    }

    public string? Flag(Func<PackagingOptions, bool, PackagingOptions> set) =>
        One(text => DirectiveValues.TryFlag(text, out var flag) ? Options(set(Location.Options, flag)) : "must be on or off");

    public string? Name(Func<PackagingOptions, string, PackagingOptions> set) => One(text => Options(set(Location.Options, text)));

    public string? Text(Func<VodLocation, string, VodLocation> set) => One(text => Set(set(Location, text)));

    public string? Words(Func<VodLocation, string[], VodLocation> set) => values.Length > 0 ? Set(set(Location, values)) : "takes values";

    public string? Ignore(int least, int most) => values.Length >= least && values.Length <= most ? null : $"takes {least} to {most} values";

    public string? Word<T>(Func<PackagingOptions, T, PackagingOptions> set, params (string Word, T Value)[] words) => One(text =>
    {
        foreach (var (word, value) in words)
        {
            if (word == text)
            {
                return Options(set(Location.Options, value));
            }
        }

        return $"must be one of {string.Join(", ", words.Select(word => word.Word))}";
    });

    public string? Time(long unit, Func<PackagingOptions, long, PackagingOptions> set, long least = 0) => One(text =>
        DirectiveValues.TryTime(text, unit, out var time) && time >= least ? Options(set(Location.Options, time)) : "must be a time such as 10s or 500 (milliseconds)");

    public string? SignedTime(Func<PackagingOptions, long, PackagingOptions> set) => One(text =>
    {
        var negative = text is ['-', ..];
        return DirectiveValues.TryTime(negative ? text[1..] : text, 1, out var time)
            ? Options(set(Location.Options, negative ? -time : time)) : "must be a time such as 30000 (milliseconds) or -30s";
    });

    public string? Times(Func<PackagingOptions, long[], PackagingOptions> set)
    {
        var times = new long[values.Length];
        for (var at = 0; at < times.Length; at++)
        {
            if (!DirectiveValues.TryTime(values[at], 1, out times[at]) || times[at] == 0)
            {
                return "must be times such as 2s or 2000 (milliseconds)";
            }
        }

        return times.Length is > 0 and <= 64 ? Options(set(Location.Options, times)) : "takes 1 to 64 times";
    }

    public string? Size(Func<PackagingOptions, long, PackagingOptions> set, long most = long.MaxValue) => One(text =>
        DirectiveValues.TrySize(text, out var size) && size > 0 && size <= most ? Options(set(Location.Options, size)) : "must be a size such as 64k");

    public string? LocationSize(Func<VodLocation, long, VodLocation> set) => One(text =>
        DirectiveValues.TrySize(text, out var size) && size is > 0 and <= 1 << 30 ? Set(set(Location, size)) : "must be a size such as 64k");

    public string? Count(Func<PackagingOptions, int, PackagingOptions> set) => One(text =>
        DirectiveValues.TryNumber(text, out var number) && number <= int.MaxValue ? Options(set(Location.Options, (int)number)) : "must be a number");

    public string? Number(Func<PackagingOptions, long, PackagingOptions> set) => One(text =>
        DirectiveValues.TryNumber(text, out var number) ? Options(set(Location.Options, number)) : "must be a number");

    public string? Seconds(Func<VodLocation, TimeSpan, VodLocation> set) => One(text =>
        DirectiveValues.TryTime(text, 1_000, out var time) ? Set(set(Location, TimeSpan.FromMilliseconds(time))) : "must be a time such as 100d or 30 (seconds)");

    public string? Date(Func<VodLocation, DateTimeOffset, VodLocation> set) => One(text =>
        DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Set(set(Location, date)) : "must be a date such as Sun, 19 Nov 2000 08:52:00 GMT");

    public string? Upstream(Func<VodLocation, VodUpstream, VodLocation> set) => One(text =>
        upstreams.TryGetValue(text.Length > 1 ? text.TrimEnd('/') : text, out var upstream) ? Set(set(Location, upstream)) : $"names {text}, which is none of upstreams");

    public string? Expression(Func<VodLocation, VodExpression, VodLocation> set) => One(text =>
        VodExpression.Parse(text, out var problem) is { } expression ? Set(set(Location, expression)) : $"cannot be read: {problem}");

    public string? CheckedExpression(Func<PackagingOptions, string, PackagingOptions> set) => One(text =>
        VodExpression.Parse(text, out var problem) is not null ? Options(set(Location.Options, text)) : $"cannot be read: {problem}");

    // zone size [expiration], in one value or several; off.
    public string? Cache(Func<VodLocation, CacheZone?, VodLocation> set)
    {
        var parts = values.Length == 1 ? values[0].Split(' ', StringSplitOptions.RemoveEmptyEntries) : values;
        if (parts is ["off"])
        {
            return Set(set(Location, null));
        }

        long expiration = 0;
        return parts.Length is 2 or 3 && DirectiveValues.TrySize(parts[1], out var size) && size > 0
            && (parts.Length == 2 || DirectiveValues.TryTime(parts[2], 1_000, out expiration))
            ? Set(set(Location, new(parts[0], size, parts.Length == 3 ? TimeSpan.FromMilliseconds(expiration) : null)))
            : "must be a name, a size, and if wanted an expiration: metadata 512m 1h";
    }
}
