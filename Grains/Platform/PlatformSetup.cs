using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform;

/// <summary>
/// What a platform has from its first start on: its own partners, flavors for everybody, and the partners of the configuration with their default
/// profiles. Every process of a cluster does this; what is there already is left, except what the configuration says of partners.
/// </summary>
public sealed partial class PlatformSetup(
    Objects objects, AccountServices accounts, ConversionProfiles profiles, Partners partners, IOptions<PlatformOptions> options, PlatformSetup.Place place,
    TimeProvider time, ILogger<PlatformSetup> log) : IHostedService, IDisposable
{
    /// <summary>Where a single node writes the secrets that it made up; empty in a cluster.</summary>
    public sealed record Place(string Folder);

    const int FirstPartner = 100;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Pause = TimeSpan.FromSeconds(5);

    static readonly int[] OwnPartners = [Partners.Platform, Partners.Batch, Partners.Console, Partners.MediaServers, Partners.Template];

    readonly CancellationTokenSource _stopping = new();
    Task _again = Task.CompletedTask;

    /// <summary>Flavors for everybody: what encoders send, and what it can be converted to.</summary>
    static readonly (long Id, string Name, string Tags, string Suffix, string Video, long VideoKbps, long AudioKbps, long Height)[] Flavors =
    [
        (0, "Source", "source,web,mbr", "", "copy", 0, 0, 0),
        (32, "Live source", "source,ingest,web,mobile,recording_anchor", "1", "copy", 0, 0, 0),
        (33, "Live 240p", "mobile,web,mbr", "", "h264b", 300, 40, 240),
        (34, "Live 480p", "web,mbr", "", "h264m", 900, 64, 480),
        (35, "Live 720p", "web,mbr,optional_flavor", "", "h264h", 2_500, 128, 720),
        (42, "Live second rendition", "ingest,web", "2", "copy", 0, 0, 0),
        (43, "Live third rendition", "ingest,web", "3", "copy", 0, 0, 0),
    ];

    /// <summary>Once before anything is answered; where the database is away the process starts all the same, and this is tried again until it is there.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await TryMake())
        {
            _again = TryAgain(_stopping.Token);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _again;
    }

    public void Dispose() => _stopping.Dispose();

    async Task TryAgain(CancellationToken stopping)
    {
        try
        {
            do
            {
                await Task.Delay(Pause, time, stopping);
            }
            while (!await TryMake());
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    async Task<bool> TryMake()
    {
        try
        {
            await Make().WaitAsync(Patience, time);
            return true;
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or TimeoutException or System.Net.Sockets.SocketException)
        {
            LogUnmade(exception.Message);
            return false;
        }
    }

    async Task Make()
    {
        // Where this platform has run before there is nothing to make, and the processes of a cluster do not wait for one another.
        if (options.Value.Partners.Count == 0 && await IsMade())
        {
            return;
        }

        await using var alone = await objects.Store.BeginSetup();
        foreach (var id in OwnPartners)
        {
            await Partner(id, new PartnerOptions { Name = id switch { -5 => "Media servers", -1 => "Batch", -2 => "Console", 99 => "Template", _ => "Platform" } });
        }

        foreach (var flavor in Flavors)
        {
            await objects.Store.Write(new StoredObject(ConversionProfiles.ParamsKind, Objects.Id(flavor.Id), 0, 0, FlavorOf(flavor)));   // not again
        }

        foreach (var (id, partner) in options.Value.Partners)
        {
            await Configured(int.Parse(id, CultureInfo.InvariantCulture), partner);
        }

        if (place.Folder.Length > 0 && !options.Value.Partners.Keys.Any(id => id[0] != '-') && !await HasCustomers())
        {
            await MakeFirstPartner();
        }
    }

    async Task<bool> IsMade() => await objects.Store.IsSetUp()
        && (place.Folder.Length == 0 || await HasCustomers())
        && await HasAll("partner", OwnPartners.Select(id => Objects.Id(id)))
        && await HasAll(ConversionProfiles.ParamsKind, Flavors.Select(flavor => Objects.Id(flavor.Id)));

    async Task<bool> HasAll(string kind, IEnumerable<string> ids)
    {
        string[] wanted = [.. ids];
        return (await objects.Store.All(kind, null, new Test("id", TestKind.In, wanted))).Count == wanted.Length;
    }

    async Task<bool> HasCustomers() => (await objects.Store.Find(new ObjectQuery("partner") { Where = new Test("id", TestKind.AtLeast, "100"), Take = 1 })).Total > 0;

    // With secrets of its own, for whoever can read the data folder.
    async Task MakeFirstPartner()
    {
        var (admin, user, servers) = (NewSecret(), NewSecret(), NewSecret());
        await Configured(FirstPartner, new PartnerOptions
        {
            Name = "First", AdminSecret = admin, Secret = user, Permissions = ["FEATURE_LIVE_STREAM_RECORD", "FEATURE_KALTURA_LIVE_STREAM_TRANSCODE", "FEATURE_DYNAMIC_SEGMENT_DURATION"],
        });
        await Configured(Partners.MediaServers, new PartnerOptions { Name = "Media servers", AdminSecret = servers });
        var file = Path.Combine(place.Folder, "secrets.json");
        var access = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            access.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var stream = new FileStream(file, access))
        await using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("partnerId", FirstPartner);
            json.WriteString("adminSecret", admin);
            json.WriteString("secret", user);
            json.WriteString("mediaServerSecret", servers);
            json.WriteEndObject();
        }

        LogMade(FirstPartner, file);
    }

    static string NewSecret() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    async Task Configured(int id, PartnerOptions partner)
    {
        await Partner(id, partner);
        await objects.Change("partner", Objects.Id(id), value =>
        {
            value["name"] = partner.Name.Length > 0 ? partner.Name : value.Text("name") is { Length: > 0 } name ? name : $"Partner {id}";
            (value["adminSecret"], value["secret"]) = (partner.AdminSecret, partner.Secret);
            value["status"] = partner.Blocked ? 2L : value.Long("_status", PartnerBlocking.Active);
            (value["_maxInputs"], value["_maxOutputs"]) = ((long)partner.MaxLiveStreamInputs, (long)partner.MaxLiveStreamOutputs);
            var tags = new PlatformObject("Limits");
            foreach (var (tag, most) in partner.MaxByAdminTag)
            {
                tags[tag] = (long)most;
            }

            value["_maxByAdminTag"] = tags;
        });
        foreach (var permission in partner.Permissions)
        {
            await accounts.Grant(id, permission);
        }

        if (id > 0)
        {
            await Defaults(id);
        }

        partners.Forget(id);
    }

    async Task Partner(int id, PartnerOptions partner)
    {
        var value = new PlatformObject("Partner")
        {
            { "id", (long)id }, { "name", partner.Name }, { "status", 1L }, { "createdAt", objects.Now }, { "partnerPackage", 1L }, { "type", 1L },
        };
        await objects.Store.Write(new StoredObject("partner", Objects.Id(id), id, 0, value));   // not again
    }

    // Profiles for live streams (as they come, in up to three renditions) and for files, and an access rule that lets everybody in.
    async Task Defaults(int id)
    {
        if (await profiles.Default(id, ConversionProfiles.LiveType) is not null)
        {
            return;
        }

        foreach (var (name, type, flavors) in new[] { ("Live as it comes", "2", "32,42,43"), ("Files as they are", "1", "0") })
        {
            var profile = await objects.Add(ConversionProfiles.Kind, new PlatformObject("ConversionProfile")
            {
                { "name", name }, { "type", type }, { "status", "2" }, { "isDefault", 1L }, { "isPartnerDefault", true }, { "flavorParamsIds", flavors },
            }, id);
            await profiles.Link(profile);
        }

        var access = await objects.Add("accessControl", new PlatformObject("AccessControlProfile") { { "name", "Everybody" }, { "isDefault", 1L }, { "rules", new List<object?>() } }, id);
        await objects.Change("partner", Objects.Id(id), value => value["_defaultAccessControl"] = access["id"]);
    }

    PlatformObject FlavorOf((long Id, string Name, string Tags, string Suffix, string Video, long VideoKbps, long AudioKbps, long Height) flavor)
    {
        var value = new PlatformObject(flavor.Id == 0 ? "FlavorParams" : "LiveParams")
        {
            { "id", flavor.Id }, { "partnerId", 0L }, { "name", flavor.Name }, { "systemName", "" }, { "description", "" }, { "tags", flavor.Tags },
            { "createdAt", objects.Now }, { "isSystemDefault", 1L }, { "videoCodec", flavor.Video }, { "videoBitrate", flavor.VideoKbps },
            { "audioCodec", flavor.Video == "copy" ? "copy" : "aac" }, { "audioBitrate", flavor.AudioKbps }, { "height", flavor.Height }, { "width", 0L }, { "format", "mp4" },
        };
        if (flavor.Id != 0)
        {
            (value["_live"], value["streamSuffix"]) = (true, flavor.Suffix.Length > 0 ? flavor.Suffix : null);
        }

        return value;
    }

    [LoggerMessage(LogLevel.Warning, "The platform's partners and profiles could not be looked at, which is tried again: {Why}")]
    partial void LogUnmade(string why);

    [LoggerMessage(LogLevel.Information, "Partner {Partner} was made; its secrets are in {File}")]
    partial void LogMade(int partner, string file);
}
