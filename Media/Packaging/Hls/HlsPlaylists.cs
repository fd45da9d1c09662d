using System.Collections.Concurrent;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

/// <summary>The playlists of one window: each is written once per change of what it lists, by the first who asks, and then shared.</summary>
public sealed class HlsPlaylists(LiveWindow window)
{
    readonly ConcurrentDictionary<(HlsForm Form, int Video, int Audio), Slot> _slots = new();
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

        return Get((form, 0, 0), new Stamp(view.Generation, view.Version, 0, false), view, static (view, slot, window) =>
            MasterPlaylist.Render(view, slot.Form, window.Muxers.TsCarries));
    }

    /// <summary>Null where there is no such rendition, or no segment of it yet. Numbers count from 1 within their kind; 0 is none.</summary>
    public PlaylistText? Media(WindowView view, HlsForm form, int video, int audio)
    {
        var (picture, sound) = (view.Find(TrackKind.Video, video), view.Find(TrackKind.Audio, audio));
        if ((picture is null) != (video == 0) || (sound is null) != (audio == 0) || (form == HlsForm.Ts && !CarriesTs(picture, sound)))
        {
            return null;
        }

        var first = Math.Max(picture?.First ?? 0, sound?.First ?? 0);
        var end = Math.Min(picture?.End ?? long.MaxValue, sound?.End ?? long.MaxValue);
        if (end <= first)
        {
            return null;
        }

        var stamp = new Stamp(view.Generation, first, end, view.Pause == WindowPause.OffAir);
        return Get((form, video, audio), stamp, view, static (view, slot, _) => new MediaPlaylist(
            view, slot.Form, view.Find(TrackKind.Video, slot.Video), view.Find(TrackKind.Audio, slot.Audio)).Render());
    }

    /// <summary>Whether a transport stream can carry both tracks.</summary>
    public bool CarriesTs(TrackView? video, TrackView? audio) =>
        (video is null || window.Muxers.TsCarries(video.Info)) && (audio is null || window.Muxers.TsCarries(audio.Info));

    PlaylistText? Get(
        (HlsForm Form, int Video, int Audio) key,
        Stamp stamp,
        WindowView view,
        Func<WindowView, (HlsForm Form, int Video, int Audio), LiveWindow, PlaylistText?> render)
    {
        var slot = _slots.GetOrAdd(key, static _ => new Slot());
        var cached = slot.Cached;
        if (cached is not null && cached.Stamp == stamp)
        {
            return cached.Text;
        }

        lock (slot)
        {
            if (slot.Cached is not { } current || current.Stamp != stamp)
            {
                Interlocked.Increment(ref _renders);
                slot.Cached = current = new Cached(stamp, render(view, key, window));
            }

            return current.Text;
        }
    }

    sealed class Slot
    {
        public volatile Cached? Cached;
    }

    sealed record Cached(Stamp Stamp, PlaylistText? Text);

    // What a playlist depends on. A master playlist puts the view's version in the place of the first number.
    readonly record struct Stamp(int Generation, long First, long End, bool Ended);
}
