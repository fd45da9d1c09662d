using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost.Simulation;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Cluster.Simulation;

/// <summary>A gateway that follows streams: it watches their grains, takes the frames from the host that a directive names, and lists segments.</summary>
sealed class SimulatedGateway(SimulatedCluster cluster, string name, string machine, string[] streams) : SimulatedNode(cluster, name, machine)
{
    readonly Dictionary<string, FollowedStream> _followed = [];

    public FollowedStream? Following(string stream) => IsUp ? _followed.GetValueOrDefault(stream) : null;

    protected override IServiceProvider StartProcess(Action active) => Process.StartClient(SimulatedCluster.Configure, active);

    protected override void Began()
    {
        new NodeReports(Process, Services, Name, "gateway").Begin();
        foreach (var stream in streams)
        {
            var followed = _followed[stream] = new FollowedStream(this, stream);
            followed.Begin();
        }
    }
}

/// <summary>A gateway's link to the host of a stream: what is lost on it breaks it.</summary>
sealed class GatewayLink(FollowedStream owner, SimulatedProcess process)
{
    long _expected;

    public SimulatedProcess Process => process;

    public bool IsOpen { get; private set; } = true;

    public void Close() => IsOpen = false;

    public void Take(long number, SentFrame[] frames, StreamSignal signal)
    {
        if (!IsOpen)
        {
            return;
        }

        if (number > _expected)
        {
            IsOpen = false;
            owner.LinkBroke();
        }
        else if (number == _expected)
        {
            _expected++;
            owner.Take(frames, signal);
        }
        else
        {
            owner.TakeLate();
        }
    }
}

/// <summary>One stream as one run of a gateway sees it: the directive, the link, the segments that it lists.</summary>
sealed class FollowedStream : ILiveStreamObserver
{
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(4);
    readonly SimulatedGateway _gateway;
    readonly SimulatedProcess _process;
    readonly string _stream;
    readonly ILiveStreamGrain _grain;
    StreamDirective? _directive;
    GatewayLink? _link;
    ILiveStreamObserver? _reference;
    TimeSpan _registered = TimeSpan.MinValue;
    TimeSpan _heard;
    TimeSpan _fed;
    OpenSegment? _open;
    SegmentMark? _listed;
    SegmentMark? _opened;
    long _epoch;

    public FollowedStream(SimulatedGateway gateway, string stream)
    {
        (_gateway, _process, _stream, _fed) = (gateway, gateway.Process, stream, gateway.World.Now);
        _grain = gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<ILiveStreamGrain>(stream);
    }

    /// <summary>The newest number in the playlist; -1 while it is empty.</summary>
    public long Newest { get; private set; } = -1;

    /// <summary>When the newest segment was listed.</summary>
    public TimeSpan ListedAt { get; private set; }

    TimeSpan Now => _process.World.Now;

    public void Begin()
    {
        _reference = _gateway.Services.GetRequiredService<IGrainFactory>().CreateObjectReference<ILiveStreamObserver>(this);
        _ = Tend();
    }

    public Task Directed(StreamDirective directive)
    {
        if (_directive is { } known && (directive.Epoch, directive.Version).CompareTo((known.Epoch, known.Version)) < 0)
        {
            return Task.CompletedTask;
        }

        var moved = _directive?.Node != directive.Node;
        _directive = directive;
        if (moved || _link is not { IsOpen: true })
        {
            Connect();
        }

        return Task.CompletedTask;
    }

    public Task<WindowEdge?> Settle(long epoch)
    {
        if (_opened?.Epoch > epoch)
        {
            return Task.FromResult<WindowEdge?>(null);   // a question that came late: the next source has begun here, as in LiveWindow
        }

        _epoch = Math.Max(_epoch, epoch + 1);
        _open = null;
        return Task.FromResult(_listed is not { } last ? null : new WindowEdge
        {
            Msn = last.Msn + 1, PartsSent = false, Start90k = last.Start90k + 180_000, End90k = last.Start90k + 180_000, StartTime = last.ProgramDateTime,
            DiscontinuitySequence = last.DiscontinuitySequence
        });
    }

    public void LinkBroke() => Connect();

    public void TakeLate() => _process.World.Failures.Add($"{_process.Name}: a batch of {_stream} came twice");

    public void Take(SentFrame[] frames, StreamSignal signal)
    {
        _heard = Now;
        _fed = frames.Length > 0 ? Now : _fed;
        foreach (var frame in frames)
        {
            Take(frame);
        }

        if (signal == StreamSignal.SourceLost && _open is { } open)
        {
            List(open);
            _open = null;
        }
    }

    void Take(SentFrame frame)
    {
        var segment = frame.Segment;
        if (segment.Epoch < _epoch || segment.Msn <= Newest)
        {
            _gateway.Cluster.Judge.Late(_stream, _process.Name, segment, frame.Content);
            return;
        }

        _epoch = segment.Epoch;
        if (_open is { } open && open.Msn == segment.Msn && open.First.Session == frame.Content.Session)
        {
            _open = open with { Last = frame.Content };
            return;
        }

        if (_open is { } before && before.Msn < segment.Msn && before.First.Session == frame.Content.Session)
        {
            List(before);
        }

        _opened = segment;
        _open = new OpenSegment(segment.Msn, frame.Content, frame.Content);
    }

    void List(OpenSegment segment)
    {
        Newest = segment.Msn;
        _listed = _opened;
        ListedAt = Now;
        _gateway.Cluster.Judge.Listed(_stream, _process.Name, segment);
    }

    async Task Tend()
    {
        while (true)
        {
            if (_registered == TimeSpan.MinValue || Now - _registered >= GatewayRegistration.RenewalAfter(Now - _fed) || (_link is not { IsOpen: true } && _directive?.Node != ""))
            {
                await Register();
            }

            if (_link is { IsOpen: true } && Now - _heard > Silence)
            {
                _link.Close();
                await Register();
            }

            await Task.Delay(TimeSpan.FromSeconds(1), _process.Clock);
        }
    }

    async Task Register()
    {
        try
        {
            await Directed(await _grain.Watch(new GatewayRegistration { Gateway = _gateway.Name, Viewers = 1 }, _reference!));
            _registered = Now;
        }
        catch (Exception)
        {
            // The next round tries again; the link may do as it is.
            if (_link is not { IsOpen: true })
            {
                Connect();
            }
        }
    }

    void Connect()
    {
        _link?.Close();
        _link = null;
        if (_gateway.Cluster.Ingests.FirstOrDefault(host => host.Name == _directive?.Node) is not { IsUp: true } host)
        {
            return;
        }

        _heard = Now;
        var link = _link = new GatewayLink(this, _process);
        var from = _open is null ? Newest + 1 : _open.Msn;
        _open = null;
        _process.World.Network.Tell(_process, host.Process, () => host.Feed(_stream, from, link));
    }
}

/// <summary>A segment that a gateway has begun.</summary>
sealed record OpenSegment(long Msn, Content First, Content Last);
