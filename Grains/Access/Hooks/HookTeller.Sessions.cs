using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.Access.Hooks;

// Who publishes and plays is written down where a hook wants to hear of the end: the next run tells of it where this one is killed.
public sealed partial class HookTeller
{
    const string ViewerLost = "lost";

    readonly Dictionary<Guid, long> _begun = [];   // by session: its number in the spool

    void Begin(StreamEvent what)
    {
        if (_spool is not null && EndOf(what.What) is { } end && Tells(end))
        {
            _begun[what.Session] = _spool.Keep(HookSpool.Begun, what);
        }
    }

    // After the event of the end is written down and before it is told: a process that is killed in between leaves at least one of them, and one that
    // left both is known by their order.
    void End(StreamEvent what)
    {
        if (EndOf(what.What) is null && _begun.Remove(what.Session, out var number))
        {
            _spool!.Done(number);
        }
    }

    static HookEvent? EndOf(HookEvent what) => what switch
    {
        HookEvent.Publish => HookEvent.Unpublish,
        HookEvent.Play => HookEvent.Stop,
        _ => null,
    };

    // What an earlier run did not deliver, and then the ends of those that were there when it was killed.
    void TakeOver(IReadOnlyList<KeptEvent> left)
    {
        lock (_gate)
        {
            var ends = new Dictionary<(string Hook, Guid Session), long>();
            foreach (var kept in left.Where(static kept => kept.Hook != HookSpool.Begun))
            {
                Resume(kept);
                if (kept.What.What is HookEvent.Unpublish or HookEvent.Stop)
                {
                    ends[(kept.Hook, kept.What.Session)] = kept.Number;
                }
            }

            foreach (var begun in left.Where(static kept => kept.Hook == HookSpool.Begun))
            {
                HandOver(
                    EndOf(begun.What),
                    _hooks.Where(hook => ends.GetValueOrDefault((HookSpool.NameOf(hook), begun.What.Session)) < begun.Number),
                    () => _spool!.Done(begun.Number));
            }
        }
    }

    StreamEvent EndOf(StreamEvent begun) => begun with
    {
        Id = Guid.NewGuid(),
        What = EndOf(begun.What) ?? HookEvent.Stop,
        At = _time.GetUtcNow(),
        Reason = begun.What == HookEvent.Publish ? nameof(PublishEnd.HostLost) : ViewerLost,
    };

    void Resume(KeptEvent left)
    {
        if (Array.Find(_hooks, hook => HookSpool.NameOf(hook) == left.Hook && hook.IsTold(left.What.What)) is { } hook)
        {
            _metrics.Told("resumed");
            _waiting++;
            Line(hook, left);
        }
        else
        {
            _metrics.Told("dropped");   // it is configured no more
            _spool!.Done(left.Number);
        }
    }
}
