using System.Diagnostics;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>All that a client has seen of one media playlist.</summary>
sealed class RenditionRecord(Uri address)
{
    readonly Lock _gate = new();
    readonly SortedDictionary<long, (ListedSegment Segment, byte[] Bytes)> _segments = [];
    readonly Dictionary<long, long> _arrivals = [];
    readonly Dictionary<string, byte[]> _maps = [];

    public Uri Address => address;

    /// <summary>Set while the server is meant to be away: then a refused connection and what was missed are no fault.</summary>
    public bool MayBeAway { get; set; }

    public ParsedPlaylist? Playlist { get; set; }

    public int Count => Read(segments => segments.Count);

    public long Last => Read(segments => segments.Count == 0 ? -1 : segments.Keys.Last());

    public IReadOnlyList<ListedSegment> Segments => Read(segments => segments.Values.Select(entry => entry.Segment).ToArray());

    /// <summary>Seconds of all segments together.</summary>
    public decimal Duration => Segments.Sum(segment => segment.Duration);

    /// <summary>Discontinuities that a player would meet on its way through all that was listed.</summary>
    public int Discontinuities => Segments.Skip(1).Sum(segment => segment.Discontinuities);

    /// <summary>The segment of that number with its bytes, and when it was there (<see cref="Stopwatch.GetTimestamp"/>); null where it is not known.</summary>
    public (ListedSegment Segment, byte[] Bytes, long At)? Find(long number)
    {
        lock (_gate)
        {
            return _segments.TryGetValue(number, out var found) ? (found.Segment, found.Bytes, _arrivals[number]) : null;
        }
    }

    public bool Knows(long number) => Read(segments => segments.ContainsKey(number));

    public bool NeedsMap(string map) => !_maps.ContainsKey(map);

    public void KeepMap(string map, byte[] bytes)
    {
        lock (_gate)
        {
            _maps[map] = bytes;
        }
    }

    public void Keep(ListedSegment segment, byte[] bytes)
    {
        lock (_gate)
        {
            _segments[segment.Msn] = (segment, bytes);
            _arrivals[segment.Msn] = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Writes the segments one after another, each run of one initialization section into a file of its own; gives the files in order.</summary>
    public IReadOnlyList<string> Save(string name)
    {
        lock (_gate)
        {
            var files = new List<string>();
            FileStream? file = null;
            (string? Map, long Discontinuity)? run = null;
            foreach (var (segment, bytes) in _segments.Values)
            {
                if (run != (segment.Map, segment.DiscontinuitySequence))
                {
                    file?.Dispose();
                    var path = Path.Combine(Repository.Folder("saved"), $"{name}-{files.Count}{(segment.Map is null ? ".ts" : ".mp4")}");
                    file = File.Create(path);
                    files.Add(path);
                    file.Write(segment.Map is null ? [] : _maps[segment.Map]);
                    run = (segment.Map, segment.DiscontinuitySequence);
                }

                file!.Write(bytes);
            }

            file?.Dispose();
            return files;
        }
    }

    T Read<T>(Func<SortedDictionary<long, (ListedSegment Segment, byte[] Bytes)>, T> read)
    {
        lock (_gate)
        {
            return read(_segments);
        }
    }
}
