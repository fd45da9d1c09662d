using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

/// <summary>
/// The network of a simulated world, as TCP shows it: what is sent over a connection arrives in order and late, not at all while the way is cut, and a
/// connection that was cut for long is gone. Ours, not part of the Orleans API.
/// </summary>
public sealed class SimulatedLinks
{
    static readonly TimeSpan Retransmission = TimeSpan.FromMilliseconds(200);
    readonly SimulatedWorld _world;
    readonly HashSet<(string From, string To)> _cut = [];
    readonly Dictionary<IPEndPoint, (SimulatedProcess Process, Door Door)> _doors = [];

    internal SimulatedLinks(SimulatedWorld world) => _world = world;

    /// <summary>A message is this long under way at least.</summary>
    public TimeSpan LeastDelay { get; set; } = TimeSpan.FromMicroseconds(200);

    /// <summary>A message is this long under way at most.</summary>
    public TimeSpan MostDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How often, of a thousand, a message is lost and sent again by the other end's TCP.</summary>
    public int LossPerMille { get; set; }

    /// <summary>Data that cannot be delivered for this long end their connection.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Bytes that connections have carried.</summary>
    public long Bytes { get; private set; }

    /// <summary>Frames that connections have carried.</summary>
    public long Frames { get; private set; }

    /// <summary>Nothing of one machine arrives at the other; the way back is another matter.</summary>
    public void Cut(string from, string to) => _cut.Add((from, to));

    public void Mend(string from, string to) => _cut.Remove((from, to));

    public void MendAll() => _cut.Clear();

    public bool IsCut(string from, string to) => _cut.Contains((from, to));

    /// <summary>How long the next message is under way.</summary>
    public TimeSpan NextDelay() => _world.Chance(LeastDelay, MostDelay)
        + (LossPerMille > 0 && _world.Random.Next(1000) < LossPerMille ? Retransmission : TimeSpan.Zero);

    /// <summary>A message between processes that is no connection of the engine: it arrives, or, where the way is cut, is lost.</summary>
    public void Tell(SimulatedProcess from, SimulatedProcess to, Action arrives)
    {
        _world.After(NextDelay(), () =>
        {
            if (!IsCut(from.Machine, to.Machine))
            {
                to.Post(arrives);
            }
        });
    }

    internal ITransport Of(SimulatedProcess process) => new Transport(this, process);

    void Carried(int bytes)
    {
        Frames++;
        Bytes += bytes;
    }

    sealed class Transport(SimulatedLinks links, SimulatedProcess process) : ITransport
    {
        public bool IsHere(IPAddress address) => address.ToString() == process.Machine;

        public IDisposable Listen(Door door, ILogger log)
        {
            if (links._doors.TryGetValue(door.Endpoint, out var other) && other.Process.IsAlive)
            {
                throw new OrleansConfigurationException($"The endpoint {door.Endpoint} cannot be listened on: it is in use by {other.Process.Name}");
            }

            links._doors[door.Endpoint] = (process, door);
            return new Closing(() =>
            {
                if (links._doors.TryGetValue(door.Endpoint, out var mine) && ReferenceEquals(mine.Door, door))
                {
                    links._doors.Remove(door.Endpoint);
                }
            });
        }

        public async Task<IConnection> Dial(Dialling call, CancellationToken cancellationToken)
        {
            var answer = Completion.Source<IConnection>();
            using var abandoned = cancellationToken.UnsafeRegister(_ => answer.TrySetCanceled(cancellationToken), null);
            new Attempt(links, process, call, answer).Knock();
            return await answer.Task;
        }

        sealed class Closing(Action close) : IDisposable
        {
            public void Dispose() => close();
        }
    }

    /// <summary>SYN, SYN-ACK, hello, answer: four ways, each of which may be cut.</summary>
    sealed class Attempt(SimulatedLinks links, SimulatedProcess from, Dialling call, TaskCompletionSource<IConnection> answer)
    {
        readonly string _machine = call.Endpoint.Address.ToString();

        public void Knock() => links._world.After(links.NextDelay(), Arrive);

        void Arrive()
        {
            if (answer.Task.IsCompleted || !from.IsAlive)
            {
                return;
            }

            if (links.IsCut(from.Machine, _machine) || links.IsCut(_machine, from.Machine))
            {
                links._world.After(TimeSpan.FromSeconds(1), Arrive);
            }
            else if (!links._doors.TryGetValue(call.Endpoint, out var open) || !open.Process.IsAlive)
            {
                Answer(() => answer.TrySetException(new SocketException((int)SocketError.ConnectionRefused)));
            }
            else
            {
                // The kernel accepts; the handshake waits for the process.
                links._world.Schedule(open.Process, links.NextDelay() * 2, _ => ShakeHands(open.Process, open.Door), null);
            }
        }

        void ShakeHands(SimulatedProcess process, Door door)
        {
            if (answer.Task.IsCompleted || !from.IsAlive || links.IsCut(from.Machine, _machine) || links.IsCut(_machine, from.Machine))
            {
                return;
            }

            var hello = new Hello(call.Cluster.ClusterId, call.Cluster.ServiceId, call.From.ToParsableString(), call.To.ToParsableString(), call.Purpose, "", call.Client);
            var refusal = hello.To != door.Self.ToParsableString() ? $"this is {door.Self}" : door.Refusal(hello);
            if (refusal is not null)
            {
                Answer(() => answer.TrySetException(new ConnectionRefusedException($"{call.To} refused the connection: {refusal}", door.Self)));
                return;
            }

            var (here, there) = SimulatedConnection.Pair(links._world, links, from, process);
            Answer(() =>
            {
                if (!answer.TrySetResult(here))
                {
                    here.Dispose();
                }
            });
            process.Threads.Start(() => Welcome(door, hello, there));
        }

        static async Task Welcome(Door door, Hello hello, SimulatedConnection connection)
        {
            using (connection)
            {
                await door.Accepted(hello, connection);
            }
        }

        void Answer(Action action) => links._world.Schedule(from, links.NextDelay(), static a => ((Action)a!)(), action);
    }

    /// <summary>One end of a connection.</summary>
    sealed class SimulatedConnection : IConnection
    {
        readonly TaskCompletionSource _closed = Completion.Source();
        readonly TaskCompletionSource _ran = Completion.Source();
        readonly Queue<byte[]?> _under = new();
        readonly Queue<byte[]?> _arrived = new();
        readonly SimulatedWorld _world;
        readonly SimulatedLinks _links;
        readonly SimulatedProcess _process;
        SimulatedConnection _other = null!;
        Action<FrameType, System.Buffers.ReadOnlySequence<byte>>? _received;
        TimeSpan _lastDue;
        TimeSpan _stuckSince;
        bool _isClosed;
        bool _finished;

        SimulatedConnection(SimulatedWorld world, SimulatedLinks links, SimulatedProcess process)
        {
            (_world, _links, _process) = (world, links, process);
            process.WhenEnded(() => EndOfProcess());
        }

        public Task Closed => _closed.Task;

        public static (SimulatedConnection One, SimulatedConnection Other) Pair(SimulatedWorld world, SimulatedLinks links, SimulatedProcess one, SimulatedProcess other)
        {
            var first = new SimulatedConnection(world, links, one);
            var second = new SimulatedConnection(world, links, other) { _other = first };
            first._other = second;
            return (first, second);
        }

        public bool TrySend(byte[] frame)
        {
            if (_isClosed || _finished)
            {
                return false;
            }

            if (frame.Length > 0)
            {
                _links.Carried(frame.Length);
                Send(frame);
            }

            return true;
        }

        public void Finish()
        {
            if (!_isClosed && !_finished)
            {
                _finished = true;
                Send(null);
            }
        }

        public Task Run(int longest, Action<FrameType, System.Buffers.ReadOnlySequence<byte>> received)
        {
            _received = received;
            if (_isClosed)
            {
                _ran.TrySetResult();
            }

            Receive();
            return _ran.Task;
        }

        public void Dispose()
        {
            if (_isClosed)
            {
                return;
            }

            if (!_finished)
            {
                _finished = true;
                Send(null);
            }

            Close();
        }

        // The kernel of its machine tells the other end.
        void EndOfProcess()
        {
            if (!_isClosed)
            {
                _isClosed = true;
                Send(null);
            }
        }

        // Null is the end of what is sent.
        void Send(byte[]? frame)
        {
            _under.Enqueue(frame);
            var due = _world.Now + _links.NextDelay();
            _lastDue = due > _lastDue ? due : _lastDue;
            _world.Schedule(null, _lastDue - _world.Now, static c => ((SimulatedConnection)c!).Arrive(), this);
        }

        // Each frame has one event; what is held up by a cut waits for the way to open.
        void Arrive()
        {
            if (_under.Count == 0)
            {
                return;
            }

            if (_links.IsCut(_process.Machine, _other._process.Machine))
            {
                _stuckSince = _stuckSince == default ? _world.Now : _stuckSince;
                if (_world.Now - _stuckSince < _links.Patience)
                {
                    _world.Schedule(null, Retransmission, static c => ((SimulatedConnection)c!).Arrive(), this);
                }
                else
                {
                    _under.Clear();
                    _process.Post(TimeSpan.Zero, static c => ((SimulatedConnection)c!).Close(), this);
                }

                return;
            }

            _stuckSince = default;
            _other.Take(_under.Dequeue());
        }

        void Take(byte[]? frame) => _process.Post(TimeSpan.Zero, static a =>
        {
            var (end, frame) = ((SimulatedConnection, byte[]?))a!;
            end._arrived.Enqueue(frame);
            end.Receive();
        }, (this, frame));

        void Receive()
        {
            while (_received is { } received && !_isClosed && _arrived.TryDequeue(out var frame))
            {
                if (frame is null)
                {
                    Dispose();
                    return;
                }

                try
                {
                    received((FrameType)frame[4], new System.Buffers.ReadOnlySequence<byte>(frame, Runtime.Frames.HeaderLength, frame.Length - Runtime.Frames.HeaderLength));
                }
                catch (Exception exception)
                {
                    _ran.TrySetException(exception);
                    Dispose();
                    return;
                }
            }
        }

        void Close()
        {
            _isClosed = true;
            _closed.TrySetResult();
            if (_received is not null)
            {
                _ran.TrySetResult();
            }
        }
    }
}
