using System.Globalization;
using Tributary.Unit.Containers;

namespace Tributary.EndToEnd.Vod;

/// <summary>What is to be known of a transport stream (ISO/IEC 13818-1): its tables, its streams and their frames, in ticks of 90 kHz.</summary>
static class TransportFacts
{
    public static IEnumerable<string> Of(byte[] stream)
    {
        var reader = new TsReader();
        reader.Read(stream);
        foreach (var section in reader.Sections.DistinctBy(Convert.ToHexString))
        {
            yield return $"table {section[0]}: {Convert.ToHexStringLower(section)}";
        }

        foreach (var pid in reader.Packets.GroupBy(packet => packet.Pid).OrderBy(group => group.Key))
        {
            var packets = pid.ToList();
            byte[] data = [.. packets.SelectMany(packet => packet.Data)];
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"PID {pid.Key}, stream {packets[0].StreamId:x2}: {packets.Count} packets, {data.Length} bytes #{AnswerFacts.Digest(data)}");
            yield return $"  from {packets[0].Dts}, then {Repeats.Of([.. packets.Zip(packets.Skip(1), (one, next) => next.Dts - one.Dts)])}";
            if (packets.Exists(packet => packet.Pts != packet.Dts))
            {
                yield return $"  shown later by {Repeats.Of([.. packets.Select(packet => packet.Pts - packet.Dts)])}";
            }

            if (packets.Exists(packet => packet.RandomAccess))
            {
                yield return $"  entered at {string.Join(' ', packets.Index().Where(packet => packet.Item.RandomAccess).Select(packet => packet.Index))}";
            }
        }

        yield return $"{reader.Clocks.Count} clocks from {reader.Clocks.FirstOrDefault().Pcr} to {reader.Clocks.LastOrDefault().Pcr}";
    }
}
