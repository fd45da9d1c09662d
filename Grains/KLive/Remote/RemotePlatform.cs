using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.KLive.Remote;

/// <summary>
/// The platform of another cluster, called over HTTP as any media server does: as partner -5 in the name of an entry's partner, or as the one partner whose
/// site this is. 1. A session, 2. the call, again with growing pauses where nothing answers, 3. its answer, or what the platform refuses.
/// </summary>
/// <remarks>Every call that is made here may be made twice: the platform knows repeated registrations and pieces.</remarks>
public sealed class RemotePlatform(
    RemoteSession session, RemoteUploads uploads, HttpClient http, NodeIdentity node, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time) : IPlatformClient, IDisposable
{
    /// <summary>Errors that say nothing of what was asked: the platform's own trouble, or that it does not take our session.</summary>
    static readonly HashSet<string> NoAnswers = ["INTERNAL_SERVERL_ERROR", "INTERNAL_DATABASE_ERROR", "INVALID_KS", "MISSING_KS", "START_SESSION_ERROR"];

    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly SemaphoreSlim _places = new(options.Value.Platform.MaxCalls);
    readonly Circuit _circuit = new(options.Value.Platform.CircuitAfter, options.Value.Platform.CircuitOpenFor, time);

    RemotePlatformOptions Remote => options.Value.Platform;

    public bool IsSilent => _circuit.IsOpen;

    public bool SendsEncodersAway => false;

    public string Outbox => Remote.SharedFolder.Length > 0 ? Remote.SharedFolder : uploads.Folder;

    public async Task<PlatformObject> Call(string service, string action, int partner, RawMap parameters)
    {
        using var patience = new CancellationTokenSource(options.Value.AnswerTimeout, time);
        return await Call(service, action, partner, parameters, null, patience.Token);
    }

    public async Task<RawMap> Give(int partner, string path, CancellationToken cancellation) =>
        Remote.SharedFolder.Length > 0 ? OwnPlatform.NamedFile(path) : await uploads.Upload(this, partner, path, cancellation);

    public void Forget(string path)
    {
        File.Delete(path);
        RemoteUploads.Forget(path);
    }

    internal async Task<PlatformObject> Call(string service, string action, int partner, RawMap parameters, UploadChunk? chunk, CancellationToken patience)
    {
        var mayRenew = true;
        for (var attempt = 1; ; attempt++)
        {
            // 1. and 2.
            var ks = session.Current();
            try
            {
                var answer = await Attempt(service, action, Filled(parameters, partner, ks), chunk, patience);
                return answer switch
                {
                    PlatformObject value => value,
                    List<object?> list => new PlatformObject("List") { { "objects", list } },
                    _ => new PlatformObject("Nothing"),
                };
            }
            catch (PlatformException refusal) when (refusal.Code == "INVALID_KS" && mayRenew)
            {
                session.Discard(ks);
                mayRenew = false;
            }
            catch (PlatformException refusal) when (NoAnswers.Contains(refusal.Code))
            {
                throw new PlatformUnavailableException($"{service}.{action}: {refusal.Code}, {refusal.Message}", refusal);
            }
            catch (PlatformUnavailableException) when (attempt < Remote.Attempts && !_circuit.IsOpen && !patience.IsCancellationRequested)
            {
                await Task.Delay(Remote.RetryFrom * (1 << Math.Min(attempt - 1, 8)) * (1 + Random.Shared.NextDouble() / 2), time, patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    RawMap Filled(RawMap parameters, int partner, string ks)
    {
        if (Remote.Partner > 0 && partner > 0 && partner != Remote.Partner)
        {
            throw PlatformException.Of("UNKNOWN_PARTNER_ID", partner);   // a site is one partner's
        }

        var filled = new RawMap(parameters) { ["ks"] = ks, ["format"] = 1L, ["clientTag"] = $"MediaServer-{node.Name}" };
        if (Remote.Partner < 0 && partner > 0)
        {
            filled["partnerId"] = (long)partner;
        }

        return filled;
    }

    async Task<object?> Attempt(string service, string action, RawMap parameters, UploadChunk? chunk, CancellationToken patience)
    {
        try
        {
            await _places.WaitAsync(patience);
        }
        catch (OperationCanceledException late)
        {
            throw new PlatformUnavailableException("Too many calls wait for the platform.", late);
        }

        try
        {
            return _circuit.TryEnter() ? await Send(service, action, parameters, chunk, patience)
                : throw new PlatformUnavailableException("It did not answer lately, and is not asked for a moment.");
        }
        finally
        {
            _places.Release();
        }
    }

    async Task<object?> Send(string service, string action, RawMap parameters, UploadChunk? chunk, CancellationToken patience)
    {
        var started = time.GetTimestamp();
        try
        {
            using var content = chunk?.Of(parameters) ?? new ReadOnlyMemoryContent(PlatformWire.Write(parameters)) { Headers = { ContentType = Json } };
            using var answer = await http.PostAsync(new Uri($"{Remote.Url.TrimEnd('/')}/api_v3/service/{service}/action/{action}"), content, patience);
            var body = await answer.Content.ReadAsByteArrayAsync(patience);
            if (!answer.IsSuccessStatusCode || !PlatformWire.TryRead(body, out var result, out var error))
            {
                throw new PlatformUnavailableException($"It answered {(int)answer.StatusCode}, and no answer of a platform.");
            }

            // 3.
            _circuit.Answered();
            metrics.Called(action, error is null ? "answered" : "refused", time.GetElapsedTime(started));
            return error is null ? result : throw error;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or PlatformUnavailableException)
        {
            _circuit.Failed();
            metrics.Called(action, "failed", time.GetElapsedTime(started));
            throw exception as PlatformUnavailableException ?? new PlatformUnavailableException(exception is OperationCanceledException ? "It did not answer in time." : exception.Message, exception);
        }
    }

    public void Dispose() => _places.Dispose();
}
