using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

// How a connection comes to be.
public sealed partial class SimulatedLinks
{
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
}
