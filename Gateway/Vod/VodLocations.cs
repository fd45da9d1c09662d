using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Tributary.Media.Packaging.Vod;

namespace Tributary.Gateway.Vod;

/// <summary>The locations as they are configured now. Read at the start, where a mistake ends it; read again when file or configuration change.</summary>
public sealed partial class VodLocations : IHostedService, IDisposable
{
    readonly IConfiguration _configuration;
    readonly VodOptions _options;
    readonly ILogger<VodLocations> _log;
    readonly List<IDisposable> _watches = [];
    FileSystemWatcher? _watcher;
    volatile FrozenDictionary<string, VodLocation> _byPrefix = FrozenDictionary<string, VodLocation>.Empty;
    int _depth = 1;

    public VodLocations(IConfiguration configuration, IOptions<VodOptions> options, ILogger<VodLocations> log)
    {
        (_configuration, _options, _log) = (configuration, options.Value, log);
    }

    /// <summary>All locations.</summary>
    public IReadOnlyCollection<VodLocation> All => _byPrefix.Values;

    /// <summary>How often the locations were read.</summary>
    public int Version { get; private set; }

    /// <summary>The location with the longest prefix that a path begins with; null where there is none.</summary>
    public VodLocation? Find(string path)
    {
        var (depth, found, lookup) = (_depth, default(VodLocation), _byPrefix.GetAlternateLookup<ReadOnlySpan<char>>());
        for (var end = 1; depth > 0 && end <= path.Length; depth--)
        {
            var slash = path.IndexOf('/', end);
            end = slash < 0 ? path.Length : slash;
            if (lookup.TryGetValue(path.AsSpan(0, end), out var location))
            {
                found = location;
            }

            end++;
        }

        return found;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var locations = Read(problems);
        if (problems.Count > 0)
        {
            throw new OptionsValidationException("Vod", typeof(VodOptions), problems.Select(problem => $"{Source}: {problem}."));
        }

        Take(locations);
        _watches.Add(ChangeToken.OnChange(_configuration.GetReloadToken, ReadAgain));
        if (_options.LocationsFile.Length > 0)
        {
            var path = Path.GetFullPath(_options.LocationsFile);
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path));
            _watcher.Changed += (_, _) => ReadAgain();
            _watcher.Created += (_, _) => ReadAgain();
            _watcher.Renamed += (_, _) => ReadAgain();
            _watcher.EnableRaisingEvents = true;
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _watcher?.Dispose();
        _watches.ForEach(watch => watch.Dispose());
        _watches.Clear();
    }

    string Source => _options.LocationsFile.Length > 0 ? $"Vod:LocationsFile {_options.LocationsFile}" : "Vod:Locations";

    /// <summary>Reads everything again; where there is a mistake the log tells of it and what was read before stays.</summary>
    internal void ReadAgain()
    {
        lock (_watches)
        {
            var problems = new List<string>();
            var locations = Read(problems);
            if (problems.Count == 0)
            {
                Take(locations);
                LogRead(_log, _byPrefix.Count, Source);
                return;
            }

            problems.ForEach(problem => LogMistake(_log, Source, problem));
        }
    }

    List<VodLocation> Read(List<string> problems)
    {
        var locations = new List<VodLocation>();
        try
        {
            locations.AddRange(_options.LocationsFile.Length > 0
                ? LocationsReader.Read(File.ReadAllText(_options.LocationsFile), problems)
                : LocationsReader.Read(_configuration.GetSection("Vod"), problems));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add($"cannot be read: {exception.Message.TrimEnd('.')}");
        }

        if (_options.DefaultLocations)
        {
            locations.AddRange(Defaults().Where(added => locations.All(location => location.Prefix != added.Prefix)));
        }

        return locations;
    }

    IEnumerable<VodLocation> Defaults()
    {
        var root = Path.GetFullPath(_options.MediaFolder.Length > 0 ? _options.MediaFolder : Path.Combine(_configuration["Data"] ?? "data", "media"));
        (string Prefix, VodPackaging Packaging)[] all =
        [
            ("/hls", VodPackaging.Hls), ("/dash", VodPackaging.Dash), ("/mss", VodPackaging.Mss), ("/hds", VodPackaging.Hds),
            ("/media", VodPackaging.None), ("/thumb", VodPackaging.Thumb), ("/volume_map", VodPackaging.VolumeMap),
        ];
        return all.Select(one => new VodLocation { Prefix = one.Prefix, Packaging = one.Packaging, Mode = VodMode.Entries, Root = root });
    }

    void Take(List<VodLocation> locations)
    {
        _depth = locations.Select(location => location.Prefix.Count(letter => letter == '/')).DefaultIfEmpty(1).Max();
        _byPrefix = locations.ToFrozenDictionary(location => location.Prefix, StringComparer.Ordinal);
        Version++;
    }

    [LoggerMessage(LogLevel.Information, "{Count} VOD locations were read from {Source}")]
    static partial void LogRead(ILogger log, int count, string source);

    [LoggerMessage(LogLevel.Error, "{Source}: {Problem}. The locations stay as they were")]
    static partial void LogMistake(ILogger log, string source, string problem);
}
