using System.Buffers.Binary;
using System.Net;
using Tributary.EndToEnd.Harness;
using Tributary.Unit.Containers;
using Tributary.Unit.Packaging;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Conformance;

/// <summary>
/// What a watched stream was like as a whole, each rule under its name: those that a single playlist keeps, or one reload after the other, were held against it
/// by the clients already.
/// </summary>
sealed class Checklist(HttpClient http, ITestOutputHelper output)
{
    readonly List<string> _broken = [];

    /// <summary>Fails with the rules that were broken, and with what the server said.</summary>
    public void AssertAllKept(string log) => Assert.True(_broken.Count == 0, string.Join('\n', _broken.Take(20).Append(log)));

    /// <summary>Notes a rule with what broke it and how many things it was held against: against none, it says nothing.</summary>
    public void Add(string rule, int looked, IEnumerable<string> broken)
    {
        string[] faults = [.. broken];
        output.WriteLine($"{(faults.Length == 0 && looked > 0 ? "kept  " : "BROKEN")} {rule} ({looked})");
        Array.ForEach(faults[..Math.Min(faults.Length, 5)], output.WriteLine);
        _broken.AddRange(looked > 0 ? faults.Select(fault => $"{rule}: {fault}") : [$"{rule}: nothing to look at"]);
    }

    public async Task AddHls(string form, StrictHlsClient hls, Uri master)
    {
        Add($"{form}: every playlist and every reload keeps the rules of RFC 8216", hls.Renditions.Sum(one => one.Count), hls.Problems);
        Add($"{form}: all renditions list the same discontinuities", hls.Renditions.Count, hls.Renditions
            .Where(one => one.Discontinuities != hls.Renditions[0].Discontinuities).Select(one => $"{one.Address.AbsolutePath}: {one.Discontinuities}"));
        Add($"{form}: all renditions list the same numbers", hls.Renditions.Count, hls.Renditions
            .Where(one => Math.Abs(one.Last - hls.Renditions[0].Last) > 2).Select(one => $"{one.Address.AbsolutePath} is at {one.Last}, the first at {hls.Renditions[0].Last}"));
        var pictures = hls.Renditions.Where(one => one.Address.AbsolutePath.Contains("-v", StringComparison.Ordinal)).ToArray();
        var segments = pictures.SelectMany(one => one.Segments.Where(segment => !segment.Gap).Select(segment => (One: one, segment.Msn, one.Find(segment.Msn)!.Value.Bytes))).ToArray();
        Add($"{form}: a segment begins with a key frame", segments.Length, segments
            .Where(one => !(form == "TS" ? BeginsWithTablesAndKey(one.Bytes) : BeginsWithKey(one.Bytes))).Select(one => $"{one.One.Address.AbsolutePath}, {one.Msn}"));
        await AddBandwidth(form, hls, master);
        await AddRemoved(form, hls);
    }

    // BANDWIDTH counts the sound that is played with the picture, and what is the rendition's own: its nearest's segments are as large as they are.
    async Task AddBandwidth(string form, StrictHlsClient hls, Uri master)
    {
        var lines = HlsRules.CheckMaster(await http.GetByteArrayAsync(master));
        var variants = lines.Where(line => line.Tag == "#EXT-X-STREAM-INF").ToArray();
        Add($"{form}: BANDWIDTH is no less than the largest segment", variants.Length, variants.Select(variant =>
        {
            var record = hls.Renditions.Single(one => one.Address.AbsolutePath.EndsWith("/" + variant.Uri, StringComparison.Ordinal));
            var track = variant.Uri["index".Length..^".m3u8".Length];
            var peak = record.Segments.Where(segment => segment.Uri.Contains(track + ".", StringComparison.Ordinal) && segment.Duration >= record.Playlist!.TargetDuration / 2m)
                .Select(segment => record.Find(segment.Msn)!.Value.Bytes.Length * 8 / segment.Duration).DefaultIfEmpty().Max();
            return peak <= decimal.Parse(variant.Attributes["BANDWIDTH"], null) ? "" : $"{variant.Uri} has {peak:0}, and says {variant.Attributes["BANDWIDTH"]}";
        }).Where(fault => fault.Length > 0));
    }

    // RFC 8216 §6.2.2: for as long as it and the longest playlist that had it.
    async Task AddRemoved(string form, StrictHlsClient hls)
    {
        var faults = new List<string>();
        foreach (var one in hls.Renditions)
        {
            var removed = one.Segments.Last(segment => segment.Msn < one.Playlist!.MediaSequence);
            using var answer = await http.GetAsync(new Uri(one.Address, removed.Uri));
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                faults.Add($"{removed.Uri} answered {(int)answer.StatusCode}");
            }
        }

        Add($"{form}: what a playlist lists no more can still be fetched", hls.Renditions.Count, faults);
    }

    // The first sample of the first mdat, its length before each NAL unit: the first slice is one of a key frame (ISO/IEC 14496-10 table 7-1: 5, and not 1).
    static bool BeginsWithKey(ReadOnlySpan<byte> segment)
    {
        for (var rest = segment[(segment.IndexOf("mdat"u8) + 4)..]; rest.Length > 5; rest = rest[(4 + BinaryPrimitives.ReadInt32BigEndian(rest))..])
        {
            if ((rest[4] & 0x1F) is var kind && kind is 1 or 5)
            {
                return kind == 5;
            }
        }

        return false;
    }

    static bool BeginsWithTablesAndKey(ReadOnlySpan<byte> segment)
    {
        var reader = new TsReader();
        reader.Read(segment);
        var picture = reader.Packets.First(packet => packet.StreamId is >= 0xE0 and <= 0xEF);
        return reader.Pids[0] == 0 && reader.Sections.Count >= 2 && picture.RandomAccess && picture.Data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 1, 0x67]) >= 0;
    }
}
