using Tributary.Media.Frames;

namespace Tributary.Media.Sources;

/// <summary>
/// A track of a media file, as a reader understands it. What it is and how long is there at once; frames are worked out when asked for, from tables
/// that stay compact, so that a playlist of a long file costs no list of its frames. Immutable, shared by all requests.
/// </summary>
public abstract class SourceTrack
{
    /// <summary>Codec, configuration, size, language. <see cref="TrackInfo.Timescale"/> is the file's own, <see cref="TrackInfo.Id"/> counts tracks from 1.</summary>
    public required TrackInfo Info { get; init; }

    /// <summary>Number among the file's tracks of its kind, from 1: the n of <c>v1</c> and <c>a2</c>.</summary>
    public required int IndexInKind { get; init; }

    /// <summary>Sum of all frames' durations, in ticks of the track.</summary>
    public required long Duration { get; init; }

    /// <summary>What the media header says of the duration, in ticks (mdhd; ISO/IEC 14496-12 §8.4.2); <see cref="Duration"/> where it says nothing.</summary>
    public required long DeclaredDuration { get; init; }

    /// <summary>
    /// When the first frame is presented, in ticks: an empty edit at the beginning, less what the first edit skips (ISO/IEC 14496-12 §8.6.6). Added to all times.
    /// </summary>
    public long StartOffset => EmptyEdit - EditMediaTime;

    /// <summary>How long nothing is presented before the first edit, in ticks.</summary>
    public long EmptyEdit { get; init; }

    /// <summary>The time of the media at which the first edit begins (media_time), in ticks: what comes before is decoded only.</summary>
    public long EditMediaTime { get; init; }

    /// <summary>A name for people (hdlr, Matroska's Name); empty where there is none.</summary>
    public string Name { get; init; } = "";

    /// <summary>The name in the track's user data (udta); empty where there is none.</summary>
    public string UserDataName { get; init; } = "";

    /// <summary>The sample entry as the file has it, header included (ISO/IEC 14496-12 §8.5.2); empty where the container has none.</summary>
    public ReadOnlyMemory<byte> SampleEntry { get; init; }

    /// <summary>Colour as the container says it, else the decoder configuration.</summary>
    public ColourDescription Colour { get; init; } = ColourDescription.Unspecified;

    /// <summary>How frames are encrypted; null where they are not.</summary>
    public TrackEncryption? Encryption { get; init; }

    /// <summary>What of each frame is encrypted; null where nothing is, or the file does not say it in its movie box.</summary>
    public FrameProtection? Protection { get; init; }

    /// <summary>The least time between two frames that are not decoded together, in ticks; 0 where there is none.</summary>
    public int MinFrameDuration { get; init; }

    /// <summary>
    /// Why frames cannot be found: one sentence, empty where they can. What needs no frames (a playlist of estimated durations) can be answered all the same;
    /// whatever needs them is <see cref="MediaFailure.BadData"/>.
    /// </summary>
    public string FramesDamage { get; init; } = "";

    /// <summary>Frames in all.</summary>
    public abstract int FrameCount { get; }

    /// <summary>Bytes of all frames.</summary>
    public abstract long TotalBytes { get; }

    /// <summary>Bits per second of all frames, over the time that the file says they take; 0 where it says none.</summary>
    public virtual long Bitrate => DeclaredDuration <= 0 ? 0 : (long)((Int128)TotalBytes * 8 * Info.Timescale / DeclaredDuration);

    /// <summary>Whether frames differ in being key frames: false where every frame is one (all audio, a video without stss).</summary>
    public abstract bool HasKeyFrameTable { get; }

    /// <summary>Number of the first frame that is decoded at or after <paramref name="decodeTime"/>; <see cref="FrameCount"/> where there is none.</summary>
    public abstract int FindFrame(long decodeTime);

    /// <summary>Number of the first key frame that is not before <paramref name="frame"/>; <see cref="FrameCount"/> where there is none.</summary>
    public abstract int NextKeyFrame(int frame);

    /// <summary>Number of the last key frame that is not after <paramref name="frame"/>; -1 where there is none.</summary>
    public abstract int PreviousKeyFrame(int frame);

    /// <summary>When a frame is decoded, in ticks; <see cref="Duration"/> for the number after the last.</summary>
    public abstract long DecodeTimeOf(int frame);

    /// <summary>Works out frames from number <paramref name="first"/> on: as many as <paramref name="frames"/> takes or there are.</summary>
    /// <returns>How many were written; fewer than asked for where the file's tables end or contradict themselves.</returns>
    public abstract int Read(int first, Span<SourceFrame> frames);
}
