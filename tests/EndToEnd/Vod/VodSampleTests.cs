using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Vod;

/// <summary>
/// The sample of VOD requests: every packager and mode, asked of a real server and compared, fact by fact, with what sample/ knows of the answers.
/// VOD_SAMPLE_RECORD=1 writes those files anew instead; the difference is then for a person to look at.
/// </summary>
public sealed class VodSampleTests(VodSampleTests.Started started, ITestOutputHelper output) : IClassFixture<VodSampleTests.Started>
{
    static readonly bool Records = Environment.GetEnvironmentVariable("VOD_SAMPLE_RECORD") == "1";

    static IEnumerable<string> Names =>
        Directory.GetFiles(SampleUpstream.Folder, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    public static TheoryData<string> Transcripts => [.. Names];

    [SkippableTheory]
    [MemberData(nameof(Transcripts))]
    public async Task Answers_are_those_of_the_sample(string name)
    {
        var transcript = Transcript.Read(Path.Combine(SampleUpstream.Folder, name + ".txt"));
        var (answers, wrong) = (new List<IReadOnlyList<string>>(), new List<string>());
        foreach (var exchange in transcript.Exchanges)
        {
            var facts = await started.Ask(exchange);
            answers.Add(facts);
            if (!facts.SequenceEqual(exchange.Known))
            {
                wrong.Add($"{exchange.Method} {exchange.Path}\n{Difference(exchange.Known, facts)}");
            }
        }

        output.WriteLine($"figure: {name}: {answers.Count} requests");
        if (Records)
        {
            transcript.Record(answers);
        }

        Skip.If(Records, $"{wrong.Count} of {answers.Count} answers were written anew");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {answers.Count} answers differ (known -, answered +)\n{string.Join('\n', wrong.Take(5))}");
    }

    [Fact]
    public void The_sample_is_of_every_kind() =>
        Assert.Equal(["captions", "dash", "files", "hds", "hls", "hls-fmp4", "live", "mapped", "refused", "remote", "smooth"], Names);

    // Lines that stand in both in the same order are left out.
    static string Difference(IReadOnlyList<string> known, List<string> facts)
    {
        var (lines, at) = (new List<string>(), 0);
        foreach (var line in known)
        {
            var found = -1;
            for (var ahead = at; ahead < facts.Count && found < 0; ahead++)
            {
                found = facts[ahead] == line ? ahead : -1;
            }

            lines.AddRange(found < 0 ? [$"- {line}"] : facts.Skip(at).Take(found - at).Select(extra => $"+ {extra}"));
            at = found < 0 ? at : found + 1;
        }

        lines.AddRange(facts.Skip(at).Select(extra => $"+ {extra}"));
        return string.Join('\n', lines.Take(12).Select(line => line.Length > 300 ? line[..300] + "…" : line));
    }

    /// <summary>A server with the sample's locations, and what it asks.</summary>
    public sealed class Started : IAsyncLifetime, IDisposable
    {
        readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30) };
        SampleUpstream? _upstream;
        ServerProcess? _server;

        public async Task InitializeAsync()
        {
            (_upstream, var locations) = await SampleUpstream.Start(Repository.Folder($"vod-sample-{Guid.NewGuid():N}"));
            _server = await ServerProcess.Start(new() { ["Vod__LocationsFile"] = locations });
            _http.BaseAddress = _server.Http.BaseAddress;
        }

        public void Dispose() => _http.Dispose();

        public async Task DisposeAsync()
        {
            await (_server?.DisposeAsync() ?? default);
            await (_upstream?.DisposeAsync() ?? default);
        }

        internal async Task<List<string>> Ask(Exchange exchange)
        {
            var address = new Uri(_http.BaseAddress + exchange.Path[1..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            using var request = new HttpRequestMessage(new(exchange.Method), address);
            foreach (var (name, value) in exchange.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var answer = await _http.SendAsync(request);
            var init = exchange.InitPath is { } path ? await _http.GetByteArrayAsync(path) : null;
            return await AnswerFacts.Of(answer, await answer.Content.ReadAsByteArrayAsync(), _http.BaseAddress!.ToString().TrimEnd('/'), init);
        }
    }
}
