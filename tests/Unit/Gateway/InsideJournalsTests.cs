using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Recorded;
using Tributary.Grains.Recordings;

namespace Tributary.Unit.Gateway;

/// <summary>What nodes give each other of their journals, and nobody else.</summary>
public sealed class InsideJournalsTests
{
    const string Path = "/inside/journals/Rewind/demo";

    [Theory]
    [InlineData("")]
    [InlineData("a secret of the cluster")]
    public async Task Who_does_not_know_the_secret_gets_nothing(string secret)
    {
        await using var host = await GatewayHost.Start(("Frames:Link:Secret", secret));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Get(Path)).Status);
        using var forged = new HttpRequestMessage(HttpMethod.Get, Path);
        forged.Headers.TryAddWithoutValidation("Authorization", $"Tributary {DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.{new string('0', 64)}");
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.SendAsync(forged)).StatusCode);
    }

    [Fact]
    public async Task A_node_that_knows_it_lists_and_reads()
    {
        await using var host = await GatewayHost.Start(("Frames:Link:Secret", "a secret of the cluster"));
        var folders = host.Services.GetRequiredService<JournalFolders>();
        var folder = folders.Rewind.FolderOf("inside-test");
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(System.IO.Path.Combine(folder, "inside-test-000001-000001.journal"), [1, 2, 3, 4, 5]);
        try
        {
            var remote = new RemoteJournals(host.Client, host.Client.BaseAddress!.ToString().TrimEnd('/'), host.Services.GetRequiredService<InsideAccess>());
            var volume = Assert.Single(await remote.List(JournalKind.Rewind, "inside-test", default));
            Assert.Equal(new VolumeListing("inside-test-000001-000001", 5), volume);
            var bytes = new byte[8];
            Assert.Equal(3, await remote.Read(JournalKind.Rewind, "inside-test", volume.Volume + ".journal", 2, bytes, default));
            Assert.Equal([3, 4, 5], bytes[..3]);
            Assert.Equal(0, await remote.Read(JournalKind.Rewind, "inside-test", "..", 0, bytes, default));
            Assert.Equal(0, await remote.Read(JournalKind.Rewind, "inside-test", "missing.mp4", 0, bytes, default));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("-600", "2026-01-01T00:00:00Z")]
    [InlineData("1767226200.5", "2026-01-01T00:10:00.5Z")]
    [InlineData("2026-01-01T00:03:00Z", "2026-01-01T00:03:00Z")]
    public void A_start_is_read(string? text, string? expected)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 10, 0, TimeSpan.Zero);
        Assert.True(RewindEndpoint.TryReadStart(text, now, out var start));
        Assert.Equal(expected is null ? null : DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), start);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-99999999999")]
    [InlineData("1e400")]
    public void What_is_no_start_is_refused(string text) => Assert.False(RewindEndpoint.TryReadStart(text, DateTimeOffset.UnixEpoch, out _));
}
