using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Sessions;

namespace Tributary.Grains.KLive.Remote;

/// <summary>
/// The session under which another cluster's platform is called: an administrator's of our partner, signed here and replaced before it ends, or when the
/// platform does not take it any more.
/// </summary>
public sealed class RemoteSession(IOptions<KLiveOptions> options, TimeProvider time)
{
    const string User = "MediaServer", Privileges = "disableentitlement,sessionkey:kalturaWowzaPermanentSessionKey";

    readonly Lock _gate = new();
    string _text = "";
    DateTimeOffset _replaceAt;

    /// <summary>Never for logs.</summary>
    public string Current()
    {
        lock (_gate)
        {
            if (_text.Length == 0 || time.GetUtcNow() >= _replaceAt)
            {
                Make(options.Value.Platform);
            }

            return _text;
        }
    }

    /// <summary>The platform refused this one; the next call has another, unless it has already.</summary>
    public void Discard(string text)
    {
        lock (_gate)
        {
            _text = _text == text ? "" : _text;
        }
    }

    void Make(RemotePlatformOptions remote)
    {
        var until = time.GetUtcNow() + remote.SessionLifetime;
        _replaceAt = until - remote.RenewBefore;
        var ks = new Ks { Partner = remote.Partner, ValidUntil = until.ToUnixTimeSeconds(), Type = (int)SessionType.Admin, User = User, Privileges = Privileges };
        _text = KsV1.Sign(ks, remote.AdminSecret, RandomNumberGenerator.GetInt32(int.MaxValue).ToString(CultureInfo.InvariantCulture));
    }
}
