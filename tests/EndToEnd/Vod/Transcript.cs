namespace Tributary.EndToEnd.Vod;

/// <summary>
/// Requests, and what is known of their answers, as text. A request is a line with method and path and a line for each header; what is known of its answer
/// are the lines after it that begin with a bar. A semicolon begins a remark.
/// </summary>
sealed record Transcript(string File, IReadOnlyList<Exchange> Exchanges)
{
    public static Transcript Read(string file)
    {
        var exchanges = new List<Exchange>();
        var (asked, known) = (new List<string>(), new List<string>());
        foreach (var line in System.IO.File.ReadLines(file))
        {
            if (line.StartsWith('|'))
            {
                known.Add(line.Length > 2 ? line[2..] : "");
                continue;
            }

            // The first line behind an answer, or, where none is known yet, behind a request and its headers: the exchange before is complete.
            if (asked.Exists(IsRequest) && (known.Count > 0 || IsRequest(line) || line.Length == 0 || line[0] == ';'))
            {
                exchanges.Add(new Exchange(asked, known));
                (asked, known) = ([], []);
            }

            asked.Add(line);
        }

        exchanges.Add(new Exchange(asked, known));
        return new(file, exchanges);
    }

    /// <summary>Writes the file anew, with the answers that are given.</summary>
    public void Record(IReadOnlyList<IReadOnlyList<string>> answers) => System.IO.File.WriteAllLines(
        File, Exchanges.SelectMany((exchange, at) => exchange.Asked.Concat(answers[at].Select(line => line.Length > 0 ? $"| {line}" : "|"))));

    internal static bool IsRequest(string line) => line.StartsWith("GET /", StringComparison.Ordinal) || line.StartsWith("HEAD /", StringComparison.Ordinal);
}

/// <summary>One request and what is known of its answer.</summary>
/// <param name="Asked">Its lines as they stand in the file, remarks and empty ones too.</param>
/// <param name="Known">The lines of the answer.</param>
sealed record Exchange(IReadOnlyList<string> Asked, IReadOnlyList<string> Known)
{
    /// <summary>A header that is not sent: the name of the initialization segment, beside the request, that the answer is read with.</summary>
    const string Init = "Init";

    string Line => Asked.First(Transcript.IsRequest);

    public string Method => Line[..Line.IndexOf(' ', StringComparison.Ordinal)];

    public string Path => Line[(Line.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    public IEnumerable<(string Name, string Value)> Headers => AllHeaders.Where(header => header.Name != Init);

    public string? InitPath => AllHeaders.Where(header => header.Name == Init)
        .Select(header => Path[..(Path.LastIndexOf('/') + 1)] + header.Value).FirstOrDefault();

    IEnumerable<(string Name, string Value)> AllHeaders => Asked.Where(line => line.Length > 0 && line[0] != ';' && !Transcript.IsRequest(line))
        .Select(line => line.Split(": ", 2)).Select(parts => (parts[0], parts[1]));
}
