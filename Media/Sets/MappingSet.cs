using System.Text.Json;

namespace Tributary.Media.Sets;

/// <summary>Reads a mapping's outermost object: the set, its sequences, and what must hold between them.</summary>
readonly struct MappingSet(JsonElement root)
{
    public MediaSetDescription Read()
    {
        var durations = root.Numbers("durations", 1, MappingJson.MaxClips) ?? [];
        var set = new MediaSetDescription
        {
            Sequences = Sequences(),
            Id = root.Text("id") ?? "",
            PlaylistType = Type(),
            Durations = durations,
            Discontinuity = root.Flag("discontinuity") ?? true,
            ClipTimes = root.Numbers("clipTimes", 0, MappingJson.MaxClips),
            FirstClipTime = root.Number("firstClipTime"),
            SegmentBaseTime = root.Number("segmentBaseTime"),
            FirstClipStartOffset = root.Number("firstClipStartOffset") ?? 0,
            InitialClipIndex = (int?)Small("initialClipIndex"),
            InitialSegmentIndex = (int?)Small("initialSegmentIndex"),
            PresentationEndTime = root.Number("presentationEndTime"),
            ExpirationTime = root.Number("expirationTime"),
            LiveWindowDuration = root.Number("liveWindowDuration", long.MinValue),
            TimeOffsetSeconds = root.Number("timeOffset", long.MinValue) ?? 0,
            SegmentDuration = root.Number("segmentDuration", 1),
            ConsistentSequenceMediaInfo = root.Flag("consistentSequenceMediaInfo") ?? true,
            ReferenceClipIndex = (int?)Small("referenceClipIndex"),
            ClipFrom = root.Number("clipFrom") ?? 0,
            ClipTo = root.Number("clipTo"),
            Cache = root.Flag("cache") ?? true,
            Notifications = MappingClips.Notifications(root),
            ClosedCaptions = ClosedCaptions(),
        };
        Check(set);
        return set;
    }

    PlaylistType Type() => root.Text("playlistType") switch
    {
        null or "vod" => PlaylistType.Vod,
        "live" => PlaylistType.Live,
        "event" => PlaylistType.Event,
        _ => throw new MappingException("playlistType must be vod, live or event."),
    };

    long? Small(string name) => root.Number(name) is not { } value ? null : value <= int.MaxValue ? value : throw new MappingException($"{name} is too great.");

    List<SequenceDescription> Sequences()
    {
        var sequences = new List<SequenceDescription>();
        foreach (var sequence in root.Objects("sequences", MappingJson.MaxSequences) ?? throw new MappingException("sequences is missing."))
        {
            sequences.Add(Sequence(sequence));
        }

        return sequences.Count > 0 ? sequences : throw new MappingException("sequences is empty.");
    }

    static SequenceDescription Sequence(JsonElement element)
    {
        var clips = new List<ClipDescription>();
        foreach (var clip in element.Objects("clips", MappingJson.MaxClips) ?? throw new MappingException("A sequence has no clips."))
        {
            clips.Add(MappingClips.Read(clip, 0));
        }

        return new SequenceDescription
        {
            Clips = clips.Count > 0 ? clips : throw new MappingException("A sequence has no clips."),
            Id = element.Text("id") ?? "",
            Language = element.Text("language") ?? "",
            Label = element.Text("label") ?? "",
            Default = element.Flag("default"),
            Bitrate = Bitrate(element, "bitrate"),
            AverageBitrate = Bitrate(element, "avg_bitrate"),
        };
    }

    static (long Video, long Audio) Bitrate(JsonElement element, string name) =>
        element.Object(name) is { } rates ? (rates.Number("v") ?? 0, rates.Number("a") ?? 0) : default;

    List<ClosedCaptionsDescription>? ClosedCaptions()
    {
        if (root.Objects("closedCaptions", 67) is not { } items)   // CC1 to CC4 and SERVICE1 to SERVICE63
        {
            return null;
        }

        var captions = new List<ClosedCaptionsDescription>();
        foreach (var item in items)
        {
            captions.Add(new(item.RequiredText("id"), item.RequiredText("label"), item.Text("language") ?? "", item.Flag("default")));
        }

        return captions;
    }

    static void Check(MediaSetDescription set)
    {
        var clips = Math.Max(set.Durations.Count, 1);
        if (set.Sequences.Any(sequence => sequence.Clips.Count != clips))
        {
            throw new MappingException("Every sequence must have as many clips as there are durations, or one.");
        }

        if (set.ClipTo is { } end && end <= set.ClipFrom)
        {
            throw new MappingException("clipTo is not after clipFrom.", Sources.MediaFailure.BadRequest);
        }

        CheckTimes(set);
        if (set.PlaylistType != PlaylistType.Vod)
        {
            CheckLive(set);
        }
    }

    static void CheckTimes(MediaSetDescription set)
    {
        if (set.ClipTimes is not { } times)
        {
            return;
        }

        if (!set.Discontinuity || times.Count != set.Durations.Count)
        {
            throw new MappingException("clipTimes needs discontinuity, and as many elements as durations has.");
        }

        for (var clip = 1; clip < times.Count; clip++)
        {
            if (times[clip] < times[clip - 1] + set.Durations[clip - 1])
            {
                throw new MappingException("clipTimes overlap.");
            }
        }
    }

    static void CheckLive(MediaSetDescription set)
    {
        if (set.Durations.Count == 0)
        {
            throw new MappingException("A live set needs durations.");
        }

        if (set.FirstClipTime is null && set.ClipTimes is null)
        {
            throw new MappingException("A live set needs firstClipTime or clipTimes.");
        }

        if (!set.Discontinuity && set.SegmentBaseTime is null)
        {
            throw new MappingException("A continuous live set needs segmentBaseTime.");
        }

        if (set.SegmentBaseTime > (set.ClipTimes?[0] ?? set.FirstClipTime))
        {
            throw new MappingException("segmentBaseTime is after the first clip.");
        }
    }
}
