using System.Buffers.Binary;
using System.Collections.Concurrent;
using Tributary.Media.Codecs;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;

namespace Tributary.Unit.Containers;

/// <summary>
/// Frames of a track that ffmpeg encoded into a plain MP4 file, read by its sample tables (ISO/IEC 14496-12 §8.6 and §8.7). Each kind is made once.
/// </summary>
sealed class TestMedia
{
    const string Video = "-f lavfi -i testsrc=s=160x120:r=25:d=1.2 -pix_fmt yuv420p -g 12 -c:v ";
    const string Audio = "-f lavfi -i sine=d=1.2:r=48000 -ac 2 -strict -2 -c:a ";

    static readonly Dictionary<string, (Codec Codec, string Arguments)> Recipes = new()
    {
        ["h264"] = (Codec.H264, Video + "libx264 -preset veryfast -bf 0"),
        ["h264-b"] = (Codec.H264, Video + "libx264 -preset veryfast -bf 3 -x264-params b-adapt=0:b-pyramid=normal:scenecut=0"),
        ["hevc"] = (Codec.Hevc, Video + "libx265 -preset ultrafast -x265-params log-level=none:bframes=3:b-adapt=0:open-gop=0"),
        ["av1"] = (Codec.Av1, Video + "libaom-av1 -cpu-used 8 -lag-in-frames 0"),
        ["vp9"] = (Codec.Vp9, Video + "libvpx-vp9 -cpu-used 8 -deadline realtime"),
        ["aac"] = (Codec.Aac, Audio + "aac"),
        ["opus"] = (Codec.Opus, Audio + "libopus"),
        ["ac3"] = (Codec.Ac3, Audio + "ac3"),
        ["eac3"] = (Codec.Eac3, Audio + "eac3"),
        ["flac"] = (Codec.Flac, Audio + "flac"),
        ["mp3"] = (Codec.Mp3, Audio + "libmp3lame"),
    };

    static readonly ConcurrentDictionary<string, Lazy<TestMedia>> Made = new();

    TestMedia(string file, Codec codec, int trackId)
    {
        using var arena = new FrameArena(new FramePool());
        Path = file;
        var bytes = System.IO.File.ReadAllBytes(file);
        Assert.True(BoxReader.TryFind(bytes, "moov"u8, out var moov));
        Assert.True(BoxReader.TryFind(moov, "trak"u8, out var trak));
        Assert.True(BoxReader.TryFind(trak, "mdia"u8, out var mdia));
        Assert.True(BoxReader.TryFind(mdia, "mdhd"u8, out var mdhd));
        Assert.True(BoxReader.TryFind(mdia, "minf"u8, out var minf));
        Assert.True(BoxReader.TryFind(minf, "stbl"u8, out var table));
        var timescale = BinaryPrimitives.ReadInt32BigEndian(mdhd[12..]);
        var samples = ReadSamples(table);
        var first = bytes.AsSpan((int)samples[0].Offset, samples[0].Size);
        Track = ReadTrack(table, codec, trackId, first);
        foreach (var sample in samples)
        {
            Frames.Add(new Frame(
                Track,
                arena.Copy(bytes.AsSpan((int)sample.Offset, sample.Size)),
                MediaTime.Rescale(sample.Dts, timescale, Track.Timescale),
                (int)MediaTime.Rescale(sample.Composition, timescale, Track.Timescale),
                0,
                sample.Key ? FrameFlags.Key : FrameFlags.None));
        }

        End = MediaTime.Rescale(samples[^1].Dts + samples[^1].Duration, timescale, Track.Timescale);
    }

    public string Path { get; }

    public TrackInfo Track { get; }

    /// <summary>From DTS 0, without the file's edit list.</summary>
    public List<Frame> Frames { get; } = [];

    /// <summary>DTS behind the last frame.</summary>
    public long End { get; }

    public static TheoryData<string> Kinds => [.. Recipes.Keys];

    public static TestMedia Get(string kind)
    {
        Ffmpeg.Require();
        return Made.GetOrAdd(kind, static kind => new Lazy<TestMedia>(() => Make(kind))).Value;
    }

    /// <summary>A new path in the folder of this run, which the system's own cleaning of temporary files removes.</summary>
    public static string NewFile(string name) => System.IO.Path.Combine(Folder.Value, $"{Guid.NewGuid():N}-{name}");

    static readonly Lazy<string> Folder = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("tributary-media-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    static TestMedia Make(string kind)
    {
        var (codec, arguments) = Recipes[kind];
        var file = NewFile(kind + ".mp4");
        Ffmpeg.Run($"{arguments} -fflags +bitexact -flags +bitexact {file}");
        return new TestMedia(file, codec, codec.Kind() == TrackKind.Video ? 1 : 2);
    }

    static TrackInfo ReadTrack(ReadOnlySpan<byte> table, Codec codec, int id, ReadOnlySpan<byte> firstFrame)
    {
        if (codec == Codec.Mp3)
        {
            Assert.True(TrackConfiguration.TryCreateFromFrame(codec, id, firstFrame, out var fromFrame));
            return fromFrame;
        }

        Assert.True(BoxReader.TryFind(table, "stsd"u8, out var descriptions));
        var entries = new BoxReader(descriptions[8..]);
        Assert.True(entries.MoveNext());
        var name = codec switch
        {
            Codec.H264 => "avcC"u8,
            Codec.Hevc => "hvcC"u8,
            Codec.Av1 => "av1C"u8,
            Codec.Vp9 => "vpcC"u8,
            Codec.Aac => "esds"u8,
            Codec.Opus => "dOps"u8,
            Codec.Ac3 => "dac3"u8,
            Codec.Eac3 => "dec3"u8,
            _ => "dfLa"u8,
        };
        Assert.True(BoxReader.TryFind(entries.Payload[(codec.Kind() == TrackKind.Video ? 78 : 28)..], name, out var config));
        if (codec == Codec.Aac)
        {
            var specific = config.LastIndexOf([(byte)5, (byte)0x80, (byte)0x80, (byte)0x80]);
            config = config.Slice(specific + 5, config[specific + 4]);
        }

        Assert.True(TrackConfiguration.TryCreate(codec, id, config, out var track));
        return TrackConfiguration.Complete(track, firstFrame);
    }

    static List<(long Offset, int Size, long Dts, int Duration, int Composition, bool Key)> ReadSamples(ReadOnlySpan<byte> table)
    {
        var (durations, offsets) = (Runs(table, "stts"u8), Runs(table, "ctts"u8));
        var sizes = Sizes(table);
        var places = Places(table, sizes);
        var keys = BoxReader.TryFind(table, "stss"u8, out var sync) ? Words(sync[8..]) : null;
        List<(long, int, long, int, int, bool)> samples = [];
        long dts = 0;
        for (var i = 0; i < sizes.Count; i++)
        {
            samples.Add((places[i], sizes[i], dts, durations[i], offsets.Count == 0 ? 0 : offsets[i], keys?.Contains(i + 1) ?? true));
            dts += durations[i];
        }

        return samples;
    }

    static List<int> Words(ReadOnlySpan<byte> data)
    {
        List<int> words = [];
        for (; data.Length >= 4; data = data[4..])
        {
            words.Add(BinaryPrimitives.ReadInt32BigEndian(data));
        }

        return words;
    }

    static List<int> Runs(ReadOnlySpan<byte> table, ReadOnlySpan<byte> type)
    {
        List<int> values = [];
        if (BoxReader.TryFind(table, type, out var box))
        {
            var words = Words(box[8..]);
            for (var i = 0; i < words.Count; i += 2)
            {
                values.AddRange(Enumerable.Repeat(words[i + 1], words[i]));
            }
        }

        return values;
    }

    static List<int> Sizes(ReadOnlySpan<byte> table)
    {
        Assert.True(BoxReader.TryFind(table, "stsz"u8, out var box));
        var head = Words(box[4..12]);
        return head[0] == 0 ? Words(box[12..]) : [.. Enumerable.Repeat(head[0], head[1])];
    }

    static List<long> Places(ReadOnlySpan<byte> table, List<int> sizes)
    {
        Assert.True(BoxReader.TryFind(table, "stsc"u8, out var box));
        Assert.True(BoxReader.TryFind(table, "stco"u8, out var chunkBox));
        var (runs, chunks) = (Words(box[8..]), Words(chunkBox[8..]));
        List<long> places = [];
        for (var chunk = 0; chunk < chunks.Count; chunk++)
        {
            long place = chunks[chunk];
            for (var left = PerChunk(chunk + 1); left > 0; left--)
            {
                places.Add(place);
                place += sizes[places.Count - 1];
            }
        }

        return places;

        int PerChunk(int number)
        {
            var run = 0;
            while (run + 3 < runs.Count && runs[run + 3] <= number)
            {
                run += 3;
            }

            return runs[run + 1];
        }
    }
}
