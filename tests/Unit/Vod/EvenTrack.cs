using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

/// <summary>A track of frames that are equally long and equally large, a key frame at every so many.</summary>
sealed class EvenTrack(int frames, int duration, int size, int keyEvery) : SourceTrack
{
    /// <summary>Where its first frame lies, and how far it is from one to the next; 0: one behind the other.</summary>
    (long Place, int Stride) Lies { get; init; }

    public override int FrameCount => frames;

    public override long TotalBytes => (long)frames * size;

    public override bool HasKeyFrameTable => keyEvery > 1;

    public override int FindFrame(long decodeTime) => (int)Math.Clamp((decodeTime + duration - 1) / duration, 0, frames);

    public override int NextKeyFrame(int frame) => Math.Min(frames, (frame + keyEvery - 1) / keyEvery * keyEvery);

    public override int PreviousKeyFrame(int frame) => frame / keyEvery * keyEvery;

    public override long DecodeTimeOf(int frame) => (long)frame * duration;

    public override int Read(int first, Span<SourceFrame> into)
    {
        var count = Math.Min(into.Length, frames - first);
        for (var i = 0; i < count; i++)
        {
            into[i] = new SourceFrame(Lies.Place + (long)(first + i) * (Lies.Stride > 0 ? Lies.Stride : size), size, (long)(first + i) * duration, duration, 0, (first + i) % keyEvery == 0);
        }

        return Math.Max(0, count);
    }

    /// <summary>25 pictures a second.</summary>
    internal static EvenTrack Video(int seconds, int keyEvery = 50, int size = 1000, int stride = 0) => new(seconds * 25, 512, size, keyEvery)
    {
        Lies = (0, stride),
        Info = new TrackInfo { Id = 1, Codec = Codec.H264, Timescale = 12_800, Width = 640, Height = 360 },
        IndexInKind = 1,
        Duration = seconds * 12_800L,
        DeclaredDuration = seconds * 12_800L,
        MinFrameDuration = 512,
    };

    /// <summary>AAC of 48 kHz.</summary>
    internal static EvenTrack Audio(int frames, int size = 200, long place = 0, int stride = 0) => new(frames, 1024, size, 1)
    {
        Lies = (place, stride),
        Info = new TrackInfo { Id = 2, Codec = Codec.Aac, Timescale = 48_000, SampleRate = 48_000, Channels = 2, DecoderConfig = new byte[] { 0x11, 0x90 } },
        IndexInKind = 1,
        Duration = frames * 1024L,
        DeclaredDuration = frames * 1024L,
    };

    /// <summary>Opus in frames of 20 ms.</summary>
    internal static EvenTrack Opus(int frames, byte[] dOps) => new(frames, 960, 300, 1)
    {
        Info = new TrackInfo { Id = 1, Codec = Codec.Opus, Timescale = 48_000, SampleRate = 48_000, Channels = 2, DecoderConfig = dOps },
        IndexInKind = 1,
        Duration = frames * 960L,
        DeclaredDuration = frames * 960L,
    };

    /// <summary>The same with frames that are encrypted.</summary>
    internal static EvenTrack Encrypted(EvenTrack track) => track.With(new TrackEncryption("cenc", new byte[16], 8, default), "");

    /// <summary>The same with tables that do not say where frames are.</summary>
    internal static EvenTrack Damaged(EvenTrack track) => track.With(null, "the table of times ends too early");

    EvenTrack With(TrackEncryption? encryption, string damage) => new(frames, duration, size, keyEvery)
    {
        Info = Info, IndexInKind = IndexInKind, Duration = Duration, DeclaredDuration = DeclaredDuration, Encryption = encryption, FramesDamage = damage,
    };
}
