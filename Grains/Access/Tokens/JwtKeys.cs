using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Access.Tokens;

/// <summary>
/// The keys of issuers: a secret, a file, an address. What they gave last is used while they give nothing; a key that is not known is looked for at
/// once, but not more often than every few seconds, whoever asks.
/// </summary>
public sealed partial class JwtKeys(IOptions<AccessOptions> options, TimeProvider time, ILogger<JwtKeys> log) : IDisposable
{
    const int MaxBytes = 256 * 1024;
    static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(10);

    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        MaxResponseContentBufferSize = MaxBytes,
    };

    readonly SemaphoreSlim _gate = new(1);
    readonly JwtRules _rules = new(options.Value.Jwt.Issuer, options.Value.Jwt.Audience, options.Value.Jwt.PermissionsClaim);
    readonly JsonWebKeys _secret = options.Value.Jwt.Secret.Length > 0 && JsonWebKey.Secret("", Encoding.UTF8.GetBytes(options.Value.Jwt.Secret)) is { } key
        ? new JsonWebKeys([key])
        : JsonWebKeys.None;

    JsonWebKeys? _all;
    JsonWebKeys _file = JsonWebKeys.None, _address = JsonWebKeys.None;
    DateTime _written;
    long _looked;

    /// <summary>Judges a token with the keys that are known, or found now.</summary>
    public async ValueTask<(TokenVerdict Verdict, TokenGrant Grant)> Verify(string token, TokenUse use)
    {
        var keys = await Current(options.Value.Jwt.KeysAge);
        var verdict = _rules.Verify(token, keys, use, out var grant);
        if (verdict == TokenVerdict.UnknownKey && await Current(LeastPause) is var newer && !ReferenceEquals(newer, keys))
        {
            verdict = _rules.Verify(token, newer, use, out grant);
        }

        return (verdict, grant);
    }

    public void Dispose()
    {
        _http.Dispose();
        _gate.Dispose();
    }

    async ValueTask<JsonWebKeys> Current(TimeSpan age)
    {
        var known = Volatile.Read(ref _all);
        if (known is not null && time.GetElapsedTime(Interlocked.Read(ref _looked)) < age)
        {
            return known;
        }

        // One looks; whoever has keys does not wait for it.
        if (!await _gate.WaitAsync(known is null ? options.Value.Jwt.KeysTimeout : TimeSpan.Zero))
        {
            return known ?? _secret;
        }

        try
        {
            if (Volatile.Read(ref _all) is { } now && !ReferenceEquals(now, known))
            {
                return now;
            }

            Interlocked.Exchange(ref _looked, time.GetTimestamp());
            ReadFile();
            await Fetch();
            var all = new JsonWebKeys([.. _secret.All, .. _file.All, .. _address.All]);
            Volatile.Write(ref _all, all);
            return all;
        }
        finally
        {
            _gate.Release();
        }
    }

    void ReadFile()
    {
        var path = options.Value.Jwt.KeysPath;
        if (path.Length == 0)
        {
            return;
        }

        try
        {
            var written = File.GetLastWriteTimeUtc(path);
            if (written != _written && new FileInfo(path).Length <= MaxBytes && JsonWebKeys.TryParse(File.ReadAllBytes(path), out var keys))
            {
                (_file, _written) = (keys, written);
                LogKeys(keys.All.Count, path);
            }
            else if (written != _written)
            {
                LogNoKeys(path, "it is no JSON Web Key Set");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNoKeys(path, exception.Message);
        }
    }

    async Task Fetch()
    {
        var address = options.Value.Jwt.KeysUrl;
        if (address.Length == 0)
        {
            return;
        }

        try
        {
            using var patience = new CancellationTokenSource(options.Value.Jwt.KeysTimeout);
            using var answer = await _http.GetAsync(address, patience.Token);
            if (answer.IsSuccessStatusCode && JsonWebKeys.TryParse(await answer.Content.ReadAsByteArrayAsync(patience.Token), out var keys))
            {
                _address = keys;
                return;
            }

            LogNoKeys(QueryText.Redact(address), answer.IsSuccessStatusCode ? "it is no JSON Web Key Set" : $"it answers {(int)answer.StatusCode}");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            LogNoKeys(QueryText.Redact(address), exception is OperationCanceledException ? "it does not answer in time" : exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Access: {Count} keys for tokens read from {Path}")]
    partial void LogKeys(int count, string path);

    [LoggerMessage(LogLevel.Warning, "Access: no keys for tokens from {Where}: {Why}; those that were known are used")]
    partial void LogNoKeys(string where, string why);
}
