using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;

namespace Tributary.Gateway.Vod;

/// <summary>
/// A ticket stands in a packager's addresses for a session that was let in to an entry when its manifest was asked for: addresses within manifests carry
/// it on, a session's secret they do not. It is for the renditions that were chosen.
/// </summary>
sealed class EntryTickets(MappingSeal seal, IOptions<VodOptions> options, TimeProvider time)
{
    const string Kind = "entry ticket";

    public string Write(string entry, string flavors) => seal.Close(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{Kind}\n{entry}\n{flavors}\n{(time.GetUtcNow() + options.Value.TicketLifetime).ToUnixTimeSeconds()}")));

    public bool Allows(string entry, string flavors, string ticket) =>
        ticket.Length > 0 && seal.Open(ticket) is { } bytes && Encoding.UTF8.GetString(bytes).Split('\n') is [Kind, var named, var these, var until] && named == entry && these == flavors
        && long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > time.GetUtcNow().ToUnixTimeSeconds();
}
