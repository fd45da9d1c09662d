using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tributary.Media.Containers;
using Tributary.Media.Containers.Matroska;
using Tributary.Media.Containers.Mp4;
using Tributary.Unit.Containers;

namespace Tributary.EndToEnd.Vod;

/// <summary>
/// What is to be known of an answer, line by line: status, headers that matter, manifests and captions whole, of media the boxes, and the frames with their
/// times, sizes and a digest of what they hold. Two answers of which a player cannot tell one from the other have the same facts.
/// </summary>
static class AnswerFacts
{
    static readonly string[] Headers = ["Content-Range", "Location", "Cache-Control", "Last-Modified", "Accept-Ranges", "Allow"];

    /// <summary>The facts.</summary>
    /// <param name="answer">With its body read.</param>
    /// <param name="body">The body.</param>
    /// <param name="server">What stands for {BASE} in texts.</param>
    /// <param name="init">What goes before the body where it is not read alone.</param>
    public static async Task<List<string>> Of(HttpResponseMessage answer, byte[] body, string server, byte[]? init)
    {
        var type = answer.Content.Headers.ContentType?.ToString() ?? "without a type";
        var shown = type.StartsWith("multipart/byteranges", StringComparison.Ordinal) ? "multipart/byteranges" : type;   // its boundary is drawn by lot
        var facts = new List<string> { $"{(int)answer.StatusCode} {shown}" };
        facts.AddRange(from name in Headers
                       from header in answer.Headers.Concat(answer.Content.Headers)
                       where header.Key == name && !(name == "Accept-Ranges" || (name == "Cache-Control" && !answer.IsSuccessStatusCode))
                       select $"{name}: {string.Join(", ", header.Value).Replace(server, "{BASE}", StringComparison.Ordinal)}");
        facts.AddRange(await BodyFacts(type, body, server, init, isPart: (int)answer.StatusCode == 206));
        return facts;
    }

    /// <summary>Eight hex digits that stand for bytes.</summary>
    public static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..8];

    static async Task<IEnumerable<string>> BodyFacts(string type, byte[] body, string server, byte[]? init, bool isPart)
    {
        if (body.Length == 0)
        {
            return [];
        }

        if (IsText(type))
        {
            return Encoding.UTF8.GetString(body).Replace(server, "{BASE}", StringComparison.Ordinal).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        }

        if (isPart)
        {
            return [type.StartsWith("multipart", StringComparison.Ordinal) ? $"{body.Length} bytes" : $"{body.Length} bytes #{Digest(body)}"];
        }

        if (body[0] == 0x47 && body.Length % 188 == 0)
        {
            return TransportFacts.Of(body);
        }

        return MatroskaFile.IsMatroska(init ?? body) ? await Tracks([.. init ?? [], .. body])
            : BoxFacts.Holds(body, "moov") && BoxFacts.Holds(body, "mdat") ? [.. BoxFacts.Of(body), .. await Tracks(body)]
            : BoxFacts.Of(body);
    }

    static bool IsText(string type) => type.StartsWith("text/", StringComparison.Ordinal) || type.Contains("mpegurl", StringComparison.Ordinal)
        || type.Contains("xml", StringComparison.Ordinal) || type.Contains("f4m", StringComparison.Ordinal);

    /// <summary>The frames of a file that can be read alone.</summary>
    static async Task<IEnumerable<string>> Tracks(byte[] file)
    {
        var reading = await MediaFileReader.OpenAsync(new MemorySource(file), Mp4ReadOptions.Default, MatroskaReadOptions.Default, default);
        return reading.File is null ? [$"cannot be read: {reading.Reason}"] : reading.File.Tracks.SelectMany((track, at) =>
        {
            var frames = new Tributary.Media.Sources.SourceFrame[track.FrameCount];
            track.Read(0, frames);
            return new FrameFacts([.. frames.Select(frame => new FrameFact(
                frame.DecodeTime, frame.CompositionOffset, frame.Duration, frame.IsKey, file.AsMemory((int)frame.Offset, frame.Size)))])
                .Lines(string.Create(CultureInfo.InvariantCulture, $"track {at + 1}, {track.Info.Codec}, {track.Info.Timescale} Hz"));
        });
    }
}

/// <summary>A frame as a container tells of it. Times in ticks of its track.</summary>
readonly record struct FrameFact(long DecodeTime, long Offset, long Duration, bool IsKey, ReadOnlyMemory<byte> Data);

/// <summary>Frames of a track, in lines that a person can read.</summary>
sealed record FrameFacts(IReadOnlyList<FrameFact> Frames)
{
    public IEnumerable<string> Lines(string what)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{what}: {Frames.Count} frames, {Frames.Sum(frame => (long)frame.Data.Length)} bytes{Digest()}");
        if (Frames.Count == 0)
        {
            yield break;
        }

        var indent = new string(' ', what.Length - what.TrimStart().Length + 2);
        yield return $"{indent}from {Frames[0].DecodeTime}, durations {Repeats.Of([.. Frames.Select(frame => frame.Duration)])}";
        if (Frames.Any(frame => frame.Offset != 0))
        {
            yield return $"{indent}shown later by {Repeats.Of([.. Frames.Select(frame => frame.Offset)])}";
        }

        var keys = Frames.Index().Where(frame => frame.Item.IsKey).Select(frame => frame.Index).ToList();
        yield return $"{indent}keys {(keys.Count == Frames.Count ? "all" : string.Join(' ', keys))}";
    }

    string Digest() => Frames.Count == 0 ? "" : $" #{AnswerFacts.Digest([.. Frames.SelectMany(frame => frame.Data.ToArray())])}";
}

/// <summary>Rows of numbers in which something repeats.</summary>
static class Repeats
{
    const int LongestPattern = 9;

    /// <summary><c>512x3 600 (1 2)x4</c> for 512 512 512 600 1 2 1 2 1 2 1 2.</summary>
    public static string Of(IReadOnlyList<long> row)
    {
        var words = new List<string>();
        for (var at = 0; at < row.Count;)
        {
            var (length, times) = Enumerable.Range(1, LongestPattern).Select(length => (length, times: Times(row, at, length)))
                .Where(pattern => pattern.times > 1 || pattern.length == 1).MaxBy(pattern => (pattern.length * pattern.times, -pattern.length));
            var pattern = string.Join(' ', row.Skip(at).Take(length).Select(number => number.ToString(CultureInfo.InvariantCulture)));
            words.Add(times == 1 ? pattern : length == 1 ? $"{pattern}x{times}" : $"({pattern})x{times}");
            at += length * times;
        }

        return string.Join(' ', words);
    }

    static int Times(IReadOnlyList<long> row, int from, int length)
    {
        var end = from + length;
        while (end < row.Count && row[end] == row[end - length])
        {
            end++;
        }

        return (end - from) / length;
    }
}
