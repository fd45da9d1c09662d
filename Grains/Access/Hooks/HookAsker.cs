using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access.Hooks;

/// <summary>What hooks said together.</summary>
/// <param name="Agrees">None said no.</param>
/// <param name="Grants">One that knows whom it is asked about said yes.</param>
/// <param name="IsDown">The no is for want of an answer.</param>
/// <param name="AsksPassword">The no is for want of a user and password that it knows.</param>
/// <param name="Sentence">Why not.</param>
public readonly record struct HookAnswer(bool Agrees, bool Grants, bool IsDown, bool AsksPassword, string Sentence);

/// <summary>
/// Asks hooks whether somebody may publish or play. Each question stands for itself: who waits for a hook keeps nobody else waiting, and where more
/// wait than may, the hook counts as one that does not answer.
/// </summary>
public sealed partial class HookAsker(HookHttp http, AccessMetrics metrics, IOptions<AccessOptions> options, TimeProvider time, ILogger<HookAsker> log)
{
    const int MaxLast = 20_000;
    static readonly TimeSpan LogEvery = TimeSpan.FromSeconds(10);

    readonly Line[] _lines = [.. options.Value.Hooks.Select(static hook => new Line(hook))];

    /// <summary>Whether any hook is asked about this.</summary>
    public bool Asks(AccessAction action) => Array.Exists(_lines, line => line.Hook.IsAsked(EventOf(action)));

    /// <summary>Whether a hook's yes may stand for a key or token.</summary>
    public bool MayGrant(AccessAction action) => Array.Exists(_lines, line => line.Hook.Grants && line.Hook.IsAsked(EventOf(action)));

    public async ValueTask<HookAnswer> Ask(AccessRequest request, CancellationToken cancellation)
    {
        var grants = false;
        foreach (var line in _lines)
        {
            if (line.Hook.IsAsked(EventOf(request.Action)))
            {
                var reply = await Ask(line, request, cancellation);
                if (reply != HookReply.Yes)
                {
                    return new HookAnswer(false, false, reply == HookReply.Down, reply == HookReply.AsksCredentials, reply == HookReply.Down
                        ? "Whoever decides about this stream does not answer: try again in a moment."
                        : reply == HookReply.AsksCredentials ? "This stream needs credentials." : "Whoever decides about this stream refused.");
                }

                grants |= line.Hook.Grants;
            }
        }

        return new HookAnswer(true, grants, false, false, "");
    }

    async Task<HookReply> Ask(Line line, AccessRequest request, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        var (reply, why) = (HookReply.Down, $"{line.Hook.MaxAsking} questions wait for it already");
        if (Interlocked.Increment(ref line.Asking) <= line.Hook.MaxAsking)
        {
            (reply, why) = await http.Send(line.Hook, request, time.GetUtcNow(), cancellation);
        }

        Interlocked.Decrement(ref line.Asking);
        metrics.Asked(reply.ToString(), time.GetElapsedTime(since));
        if (reply == HookReply.Down)
        {
            return WhenDown(line, request, why);
        }

        line.Remember(LastOf(request), reply == HookReply.Yes);
        return reply;
    }

    HookReply WhenDown(Line line, AccessRequest request, string why)
    {
        // One line in ten seconds, however many ask.
        var now = time.GetTimestamp();
        var logged = Interlocked.Read(ref line.Logged);
        if ((logged == 0 || time.GetElapsedTime(logged) > LogEvery) && Interlocked.CompareExchange(ref line.Logged, now, logged) == logged)
        {
            LogDown(QueryText.Redact(line.Hook.Url), why, line.Hook.WhenDown);
        }

        return line.Hook.WhenDown switch
        {
            HookDown.Allow => HookReply.Yes,
            HookDown.LastDecision => line.Last(LastOf(request)) switch { true => HookReply.Yes, false => HookReply.No, _ => HookReply.Down },
            _ => HookReply.Down,
        };
    }

    static HookEvent EventOf(AccessAction action) => action == AccessAction.Publish ? HookEvent.Publish : HookEvent.Play;

    // Who somebody is, as far as a hook could tell: hash codes, so that no secret is kept.
    static LastKey LastOf(AccessRequest request) => new(
        request.Action, request.Stream, AddressRange.OfCustomer(request.Address),
        HashCode.Combine(request.Credentials.Token, request.Credentials.User, request.Credentials.Password, request.GivenKey));

    [LoggerMessage(LogLevel.Warning, "Access: hook {Url} does not answer: {Why}; where it is asked: {WhenDown}")]
    partial void LogDown(string url, string why, HookDown whenDown);

    readonly record struct LastKey(AccessAction Action, string Stream, AddressRange Address, int Credentials);

    // A hook, and how it decided last.
    sealed class Line(AccessHook hook)
    {
        readonly Dictionary<LastKey, bool> _last = [];
        readonly Queue<LastKey> _order = new();
        readonly Lock _gate = new();
        public int Asking;
        public long Logged;

        public AccessHook Hook => hook;

        public void Remember(LastKey key, bool yes)
        {
            if (hook.WhenDown != HookDown.LastDecision)
            {
                return;
            }

            lock (_gate)
            {
                if (!_last.ContainsKey(key))
                {
                    _order.Enqueue(key);
                }

                _last[key] = yes;
                if (_order.Count > MaxLast)
                {
                    _last.Remove(_order.Dequeue());
                }
            }
        }

        public bool? Last(LastKey key)
        {
            lock (_gate)
            {
                return _last.TryGetValue(key, out var yes) ? yes : null;
            }
        }
    }
}
