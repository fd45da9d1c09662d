using System.Net;

namespace Tributary.Ingest.Rtmp;

/// <summary>Counts who is connected, over all ports, so that no address takes every place.</summary>
sealed class RtmpPlaces
{
    readonly Lock _lock = new();
    readonly Dictionary<IPAddress, int> _byAddress = [];
    int _all;

    public bool TryTake(IPAddress address, RtmpOptions options)
    {
        lock (_lock)
        {
            var taken = _byAddress.GetValueOrDefault(address);
            if (_all >= options.MaxConnections || taken >= options.MaxConnectionsPerAddress)
            {
                return false;
            }

            _all++;
            _byAddress[address] = taken + 1;
            return true;
        }
    }

    public void Give(IPAddress address)
    {
        lock (_lock)
        {
            _all--;
            var left = _byAddress[address] - 1;
            if (left == 0)
            {
                _byAddress.Remove(address);
            }
            else
            {
                _byAddress[address] = left;
            }
        }
    }
}
