using System.Diagnostics;
using System.Globalization;
using Tributary.EndToEnd.Harness;
using Tributary.Unit.Packaging;

namespace Tributary.Cluster.Faults;

/// <summary>
/// Somebody who watches through every gateway at once with a <see cref="StrictHlsClient"/> each, and takes every segment from whoever has it
/// first. What was listed must be the same at all of them, to the byte.
/// </summary>
sealed class Viewer : IAsyncDisposable
{
    readonly (ServerNode Gateway, StrictHlsClient Client)[] _clients;
    readonly long _since;

    Viewer((ServerNode, StrictHlsClient)[] clients, long since) => (_clients, _since) = (clients, since);

    /// <summary>The newest number that anybody listed, of the leading rendition.</summary>
    public long Last => _clients.Max(at => at.Client.Video.Last);

    /// <summary>Opens the stream at every gateway and waits until there is enough to start a player: three segments.</summary>
    public static async Task<Viewer> Watch(ServerCluster cluster, string stream)
    {
        var clients = await Task.WhenAll(cluster.Gateways.Select(async gateway =>
            (gateway, await StrictHlsClient.Open(gateway.Http, gateway.Master(stream), TimeSpan.FromSeconds(40)))));
        await Task.WhenAll(clients.Select(at => at.Item2.UntilSegments(4, TimeSpan.FromSeconds(40))));
        return new Viewer(clients, Stopwatch.GetTimestamp());
    }

    /// <summary>While a gateway is meant to be away (or not), its client forgives that it does not answer.</summary>
    public void MayBeAway(ServerNode gateway, bool may = true)
    {
        foreach (var rendition in _clients.Single(at => at.Gateway == gateway).Client.Renditions)
        {
            rendition.MayBeAway = may;
        }
    }

    /// <summary>Waits for further segments, counted from what is there now, at every gateway that is not meant to be away.</summary>
    public Task Sees(int more, TimeSpan within) => Reaches(Last + more, within);

    /// <summary>Waits until every gateway that is not meant to be away lists this number.</summary>
    public async Task Reaches(long number, TimeSpan within)
    {
        foreach (var (gateway, client) in _clients)
        {
            try
            {
                await client.Until($"segment {number} at {gateway.Name}", within, rendition => rendition.MayBeAway || rendition.Last >= number);
            }
            catch (TimeoutException timeout)
            {
                throw new TimeoutException(
                    $"{timeout.Message}: {string.Join(", ", client.Renditions.Select(rendition => $"{rendition.Address.AbsolutePath} at {rendition.Last}, wanted {number}"))}"
                    + $"\n{string.Join('\n', client.Problems)}", timeout);
            }
        }
    }

    /// <summary>Fails when a client met something wrong, or two gateways told different things.</summary>
    public void SawNothingWrong()
    {
        Assert.All(_clients, at => Assert.True(at.Client.Problems.Count == 0, $"{at.Gateway.Name}: {string.Join('\n', at.Client.Problems)}"));
        foreach (var (rendition, other) in _clients[0].Client.Renditions.SelectMany(one => _clients.Skip(1)
            .Select(at => (one, at.Client.Renditions.Single(same => same.Address.AbsolutePath == one.Address.AbsolutePath)))))
        {
            foreach (var number in rendition.Segments.Select(segment => segment.Msn).Where(other.Knows))
            {
                var (one, same) = (rendition.Find(number)!.Value, other.Find(number)!.Value);
                if (one.Segment.Gap != same.Segment.Gap && EndsSource(rendition, number))
                {
                    continue;
                }

                Assert.Equal(one.Segment with { Discontinuities = 0 }, same.Segment with { Discontinuities = 0 });
                Assert.True(one.Bytes.AsSpan().SequenceEqual(same.Bytes), $"segment {number} of {rendition.Address.AbsolutePath} has two contents: {one.Bytes.Length} and {same.Bytes.Length} bytes");
            }
        }
    }

    // What a source that was lost had sent to one gateway and not yet to the other is a gap there: of the number that was open and the one before it.
    static bool EndsSource(RenditionRecord rendition, long number) =>
        rendition.Segments.Any(segment => segment.Discontinuities > 0 && segment.Msn > number && segment.Msn <= number + 2);

    /// <summary>
    /// What a player shows that began three segments behind the live edge when the viewer came (RFC 8216 §6.3.3) and takes each segment from the
    /// gateway that has it first.
    /// </summary>
    public Playback Playback()
    {
        var segments = new SortedDictionary<long, (ListedSegment Segment, long At)>();
        foreach (var found in _clients.SelectMany(at => at.Client.Video.Segments.Select(segment => at.Client.Video.Find(segment.Msn)!.Value)))
        {
            if (!segments.TryGetValue(found.Segment.Msn, out var known) || found.At < known.At)
            {
                segments[found.Segment.Msn] = (found.Segment, found.At);
            }
        }

        var begin = segments.Values.Count(segment => segment.At <= _since) - 3;
        return Faults.Playback.Of([.. segments.Values.Skip(Math.Max(0, begin))], _since);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, client) in _clients)
        {
            await client.DisposeAsync();
        }
    }
}

/// <summary>What a player showed.</summary>
/// <param name="Segments">How many segments were there to play.</param>
/// <param name="Stall">How long the picture stood still for want of a segment, in all.</param>
/// <param name="Discontinuities">EXT-X-DISCONTINUITY on the way.</param>
/// <param name="Gaps">Segments without content (EXT-X-GAP).</param>
/// <param name="Missing">Numbers that were never listed.</param>
sealed record Playback(int Segments, TimeSpan Stall, int Discontinuities, int Gaps, long Missing)
{
    public static Playback Of(IReadOnlyList<(ListedSegment Segment, long At)> segments, long began)
    {
        var (due, stall) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var (segment, at) in segments)
        {
            var late = Stopwatch.GetElapsedTime(began, at) - due;
            if (late > TimeSpan.Zero)
            {
                (stall, due) = (stall + late, due + late);
            }

            due += TimeSpan.FromSeconds((double)segment.Duration);
        }

        return new Playback(segments.Count, stall, segments.Skip(1).Sum(s => s.Segment.Discontinuities), segments.Count(s => s.Segment.Gap),
            segments[^1].Segment.Msn - segments[0].Segment.Msn + 1 - segments.Count);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Segments} segments, stall {Stall.TotalSeconds:0.0} s, discontinuities {Discontinuities}, gaps {Gaps}, missing {Missing}");
}
