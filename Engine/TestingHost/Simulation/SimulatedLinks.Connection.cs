using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

// What a connection carries, and how it ends.
public sealed partial class SimulatedLinks
{
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
