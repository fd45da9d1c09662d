using System.Collections.Concurrent;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

/// <summary>The playlists of one window: each is written once per change of what it lists, by the first who asks, and then shared.</summary>
/// <param name="muxers">What containers can carry.</param>
/// <param name="lowLatency">Whether parts are listed where the source cuts them.</param>
public sealed class HlsPlaylists(SegmentMuxers muxers, bool lowLatency = true)
{
    /// <summary>The playlists of a window that is alone.</summary>
    public HlsPlaylists(LiveWindow window, bool lowLatency = true)
        : this(window.Muxers, lowLatency)
    {
    }

    readonly ConcurrentDictionary<Key, Slot> _slots = new();
    long _renders;

    /// <summary>How often a playlist was written.</summary>
    public long Renders => Interlocked.Read(ref _renders);

    /// <summary>Null while the window has nothing to tell, or where the form carries nothing of the stream.</summary>
    public PlaylistText? Master(WindowView view, HlsForm form)
    {
        if (!view.IsReady)
        {
            return null;
        }

        return Get(new Key(form, 0, 0, false), new Stamp(null, null, view.Version, null), view, static (view, slot, self) =>
            MasterPlaylist.Render(view, slot.Form, self.CarriesTs));
    }

    /// <summary>Null where there is no such rendition, or no segment of it yet. Numbers count from 1 within their kind; 0 is none.</summary>
    /// <param name="isDelta">Whether to leave out what a player knows already (RFC 8216bis §6.2.5.1), where that is worth it.</param>
    public PlaylistText? Media(WindowView view, HlsForm form, int video, int audio, bool isDelta = false)
    {
        var (picture, sound) = (view.Find(TrackKind.Video, video), view.Find(TrackKind.Audio, audio));
        if ((picture is null) != (video == 0) || (sound is null) != (audio == 0) || (picture is not null && sound is not null && picture.Rendition != sound.Rendition) || (form == HlsForm.Ts && !CarriesTs(picture, sound)))
        {
            return null;
        }

        var first = Math.Max(picture?.First ?? 0, sound?.First ?? 0);
        var end = Math.Min(picture?.End ?? long.MaxValue, sound?.End ?? long.MaxValue);
        if (end <= first)
        {
            return null;
        }

        var stamp = new Stamp(picture, sound, view.TargetDuration, view.Pause);
        return Get(new Key(form, video, audio, isDelta), stamp, view, static (view, slot, self) => self.Write(view, slot));
    }

    /// <summary>Whether a transport stream can carry both tracks.</summary>
    public bool CarriesTs(TrackView? video, TrackView? audio) =>
        (video is null || CarriesTs(video.Info)) && (audio is null || CarriesTs(audio.Info));

    bool CarriesTs(TrackInfo track) => muxers.TsCarries(track);

    PlaylistText Write(WindowView view, Key slot)
    {
        var (picture, sound) = (view.Find(TrackKind.Video, slot.Video), view.Find(TrackKind.Audio, slot.Audio));
        return new MediaPlaylist(view, slot.Form, picture, sound) { LowLatency = lowLatency }.Render(slot.IsDelta);
    }

    PlaylistText? Get(Key key, Stamp stamp, WindowView view, Func<WindowView, Key, HlsPlaylists, PlaylistText?> render)
    {
        var slot = _slots.GetOrAdd(key, static _ => new Slot());
        var cached = slot.Cached;
        if (cached is not null && cached.Stamp.Equals(stamp))
        {
            return cached.Text;
        }

        lock (slot)
        {
            if (slot.Cached is not { } current || !current.Stamp.Equals(stamp))
            {
                Interlocked.Increment(ref _renders);
                slot.Cached = current = new Cached(stamp, render(view, key, this));
            }

            return current.Text;
        }
    }

    sealed class Slot
    {
        public volatile Cached? Cached;
    }

    sealed record Cached(Stamp Stamp, PlaylistText? Text);

    readonly record struct Key(HlsForm Form, int Video, int Audio, bool IsDelta);

    // What a playlist depends on: the very views of its tracks, the target duration, and whether the source is there; for a master playlist the version of the window's view.
    readonly struct Stamp(TrackView? video, TrackView? audio, long number, WindowPause? pause)
    {
        readonly TrackView? _video = video;
        readonly TrackView? _audio = audio;
        readonly long _number = number;
        readonly WindowPause? _pause = pause;

        public bool Equals(in Stamp other) =>
            ReferenceEquals(_video, other._video) && ReferenceEquals(_audio, other._audio) && _number == other._number && _pause == other._pause;
    }
}
