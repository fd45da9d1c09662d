using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;

namespace Tributary.Grains.Platform.Entries;

/// <summary>
/// An entry as a caller is shown it: what is stored, the live state that its grain owns, addresses under the caller's host, and, to those who may edit
/// it, where encoders publish.
/// </summary>
public sealed class EntryView(Objects objects)
{
    const int LiveStream = 32, OnTextData = 42;

    /// <summary>Formats in which live entries are served, and how their manifests are called.</summary>
    static readonly (string Protocol, string Format, string Extension)[] LiveFormats =
    [
        ("hls", "applehttp", "m3u8"), ("applehttp", "applehttp", "m3u8"), ("mpegdash", "mpegdash", "mpd"),
    ];

    public PlatformObject Show(Call call, PlatformObject entry, LiveEntryState? live)
    {
        var shown = entry.Copy();
        var (id, partner, url) = (entry.Text("id"), entry.Int("partnerId"), call.Facts.BaseUrl);
        shown["thumbnailUrl"] = Urls.Thumbnail(url, partner, id, entry.Long("version"));
        shown["rootEntryId"] = entry.Text("rootEntryId", id);
        shown["downloadUrl"] = IsLive(entry) ? "" : Urls.Download(url, partner, id);
        if (entry.Has("mediaType"))
        {
            shown["dataUrl"] = IsLive(entry) ? "" : Urls.Manifest(url, partner, id, "url", "mp4");
        }

        if (IsLive(entry))
        {
            ShowLive(call, shown, live ?? new LiveEntryState());
        }

        if (!MayEdit(call, entry))
        {
            shown.Remove("adminTags");
        }

        return shown;
    }

    public static bool IsLive(PlatformObject entry) => entry.Text("type") == "7";

    /// <summary>Whether live entries of this source are streams of our media servers; others only name the addresses of somebody else's.</summary>
    public static bool IsOurs(string sourceType) => sourceType is "32" or "33" or "42";

    /// <summary>Whether the caller may change it: an administrator, its owner, an editor, or by a privilege.</summary>
    public static bool MayEdit(Call call, PlatformObject entry)
    {
        var (caller, id) = (call.Caller, entry.Text("id"));
        return caller.IsAdmin || caller.Rights.Allows("edit", id)
            || caller is { IsAnonymous: false, IsWidget: false, User.Length: > 0 } && (entry.Text("userId") == caller.User || entry.Words("entitledUsersEdit").Contains(caller.User));
    }

    void ShowLive(Call call, PlatformObject shown, LiveEntryState live)
    {
        var (id, partner, url, explicitLive) = (shown.Text("id"), shown.Int("partnerId"), call.Facts.BaseUrl, shown.Truth("explicitLive"));
        shown["firstBroadcast"] = live.FirstBroadcast;
        shown["lastBroadcast"] = live.LastBroadcast;
        shown["lastBroadcastEndTime"] = live.LastBroadcastEnd;
        shown["currentBroadcastStartTime"] = live.CurrentBroadcastStart;
        shown["broadcastTime"] = live.BroadcastTime;
        shown["lastElapsedRecordingTime"] = live.LastElapsedRecording;
        shown["recordedEntryId"] = live.RecordedEntry.Length > 0 ? live.RecordedEntry : null;
        shown["redirectEntryId"] = live.RedirectEntry.Length > 0 ? live.RedirectEntry : null;
        shown["liveStatus"] = (long)VisibleStatus(call, shown, live);
        shown["primaryServerNodeId"] = live.PrimaryServerNode > 0 ? live.PrimaryServerNode : null;
        shown["viewMode"] = explicitLive ? live.ViewMode ?? 0L : 1L;
        shown["recordingStatus"] = explicitLive ? live.RecordingStatus ?? 0L : shown.Int("recordStatus") > 0 ? 2L : 3L;
        if (shown.Int("sourceType") is LiveStream or OnTextData)
        {
            shown["liveStreamConfigurations"] = LiveFormats.Select(format => (object?)new PlatformObject("LiveStreamConfiguration")
            {
                { "protocol", format.Protocol }, { "url", Urls.Manifest(url, partner, id, format.Format, format.Extension) },
            }).ToList();
        }

        if (MayEdit(call, shown))
        {
            ShowBroadcastUrls(call, shown);
        }
        else
        {
            shown.Remove("streamPassword");
            shown.Remove("srtPass");
        }
    }

    /// <summary>The best status, as this caller is shown it: of a preview only those who may see previews.</summary>
    public static int VisibleStatus(Call call, PlatformObject entry, LiveEntryState live) =>
        live.IsPlayable && entry.Truth("explicitLive") && live.ViewMode != 1 && !SeesPreview(call, entry) ? LiveStatus.Stopped : live.Status;

    public static bool SeesPreview(Call call, PlatformObject entry) =>
        !call.Caller.Rights.Names("restrictexplicitliveview") && (call.Caller.IsMediaServer || MayEdit(call, entry));

    void ShowBroadcastUrls(Call call, PlatformObject shown)
    {
        var o = objects.Options;
        var (primary, backup) = (o.BroadcastHost, o.BackupBroadcastHost.Length > 0 ? o.BackupBroadcastHost : o.BroadcastHost);
        if (shown.Int("sourceType") is not (LiveStream or OnTextData))
        {
            return;
        }

        var slash = call.Account.Has("FEATURE_HYBRID_ECDN") ? "/" : "";
        string Arguments(int index) => $"p={shown.Text("partnerId")}&e={shown.Text("id")}&i={index}&t={shown.Text("streamPassword")}";
        shown["primaryBroadcastingUrl"] = $"rtmp://{primary}:{o.RtmpPort}/kLive{slash}?{Arguments(0)}";
        shown["secondaryBroadcastingUrl"] = $"rtmp://{backup}:{o.RtmpPort}/kLive{slash}?{Arguments(1)}";
        if (o.RtmpsPort > 0)
        {
            shown["primarySecuredBroadcastingUrl"] = $"rtmps://{primary}:{o.RtmpsPort}/kLive?{Arguments(0)}";
            shown["secondarySecuredBroadcastingUrl"] = $"rtmps://{backup}:{o.RtmpsPort}/kLive?{Arguments(1)}";
        }

        if (o.RtspPort > 0)
        {
            shown["primaryRtspBroadcastingUrl"] = $"rtsp://{primary}:{o.RtspPort}/kLive/{shown.Text("id")}_%i?{Arguments(0)}";
            shown["secondaryRtspBroadcastingUrl"] = $"rtsp://{backup}:{o.RtspPort}/kLive/{shown.Text("id")}_%i?{Arguments(1)}";
        }

        if (o.SrtPort > 0)
        {
            (shown["primarySrtBroadcastingUrl"], shown["primarySrtStreamId"]) = ($"srt://{primary}:{o.SrtPort}", $"#:::e={shown.Text("id")},st=0,p={shown.Text("streamPassword")}");
            (shown["secondarySrtBroadcastingUrl"], shown["secondarySrtStreamId"]) = ($"srt://{backup}:{o.SrtPort}", $"#:::e={shown.Text("id")},st=1,p={shown.Text("streamPassword")}");
        }
    }
}
