using System.Buffers;
using System.Text.Json;

namespace Orleans.Runtime;

// The other silos: each is watched over a heartbeat, which also carries what the silos tell each other.
sealed partial class ProcessCluster
{
    // Under the agent's lock: views are told in order.
    void OnChanged(SiloAddress silo, SiloStatus status)
    {
        if (!silo.Equals(_silo?.Address))
        {
            if (status == SiloStatus.Dead)
            {
                Bury(silo);
            }
            else if (!_stop.IsCancellationRequested)
            {
                _heartbeats.GetOrAdd(silo, Watch);
            }
        }

        if (status is SiloStatus.Active or SiloStatus.Dead)
        {
            _link.TellClients(FrameType.TableChanged);
        }

        foreach (var listener in _listeners)
        {
            listener.StatusChanged(silo, status);
        }
    }

    void Bury(SiloAddress silo)
    {
        _directory.SiloDied(silo);
        if (_heartbeats.TryRemove(silo, out var heartbeat))
        {
            heartbeat.Dispose();
        }

        _link.Drop(silo, "it was declared dead");
    }

    Heartbeat Watch(SiloAddress silo)
    {
        var heartbeat = new Heartbeat(_link, silo, _options, _around.Time, _log)
        {
            Unreachable = (other, proof, why) => _options.LivenessEnabled && (proof || IsWatchedByMe(other)) ? _agent.Suspect(other, proof, why, _stop.Token) : Task.CompletedTask,
            Refused = () => _ = _agent.Refresh(_stop.Token),
            Leaving = () =>
            {
                _directory.SiloDied(silo);
                return _link.OtherLeaves(silo);
            },
            Greeting = () => [.. Frames.Of(FrameType.TableChanged, ""), .. ClientsFrame()]
        };
        heartbeat.Start();
        return heartbeat;
    }

    // Everybody greets everybody; who votes on whom is decided by a ring, so that no silo is watched by too many.
    bool IsWatchedByMe(SiloAddress silo)
    {
        var ring = Snapshot.Members.Values.Where(m => m.Status is SiloStatus.Active or SiloStatus.Joining or SiloStatus.ShuttingDown || m.SiloAddress.Equals(silo))
            .Select(m => m.SiloAddress).OrderBy(s => (uint)s.GetConsistentHashCode()).ToList();
        var distance = ring.IndexOf(silo) - ring.IndexOf(_silo!.Address);
        return (distance < 0 ? distance + ring.Count : distance) <= _options.NumProbedSilos;
    }

    async Task AcceptHeartbeat(Watcher watcher)
    {
        var (silo, connection) = (watcher.Silo, watcher.Connection);
        if (Snapshot.GetSiloStatus(silo) == SiloStatus.None)
        {
            _ = _agent.Refresh(_stop.Token);
        }

        await connection.Run(Frames.LongestControl, (type, payload) =>
        {
            switch (type)
            {
                case FrameType.Ping:
                    connection.TrySend(Frames.Of(FrameType.Pong, new Pong(JsonSerializer.Deserialize<long>(payload.ToArray()), _silo!.Catalog.Count)));
                    break;
                case FrameType.Ask when JsonSerializer.Deserialize<Question>(payload.ToArray()) is { } question:
                    connection.TrySend(Frames.Of(FrameType.Reply, new Reply(question.Number, _silo!.Catalog.Find(GrainId.Parse(question.Grain)) is not null)));
                    break;
                case FrameType.TableChanged:
                    _ = _agent.Refresh(_stop.Token);
                    break;
                case FrameType.LastRequest:
                    watcher.Said(JsonSerializer.Deserialize<bool>(payload.ToArray()));
                    break;
                case FrameType.Clients:
                    _link.ClientsOf(silo, JsonSerializer.Deserialize<Dictionary<string, string>>(payload.ToArray()) ?? []);
                    break;
                case FrameType.RemindersChanged:
                    RemindersChanged?.Invoke(GrainId.Parse(JsonSerializer.Deserialize<string>(payload.ToArray())!));
                    break;
            }
        });
    }

    byte[] ClientsFrame() => Frames.Of(FrameType.Clients, _link.Clients);

    void Say(byte[] frame)
    {
        foreach (var heartbeat in _heartbeats.Values)
        {
            heartbeat.Say(frame);
        }
    }

    void Gossip(byte[] frame)
    {
        if (_options.UseLivenessGossip)
        {
            Say(frame);
        }
    }

    async Task<SiloAddress?> AskAround(GrainId grain)
    {
        var asked = _heartbeats.Select(async h => (Silo: h.Key, Has: await h.Value.Has(grain))).ToList();
        while (asked.Count > 0)
        {
            var answered = await Task.WhenAny(asked);
            if ((await answered).Has)
            {
                return (await answered).Silo;
            }

            asked.Remove(answered);
        }

        return null;
    }
}
