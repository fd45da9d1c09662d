using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Access;

public sealed class LockoutTests
{
    static readonly IPAddress Guesser = IPAddress.Parse("2001:db8::1"), Neighbour = IPAddress.Parse("2001:db8::2"), Other = IPAddress.Parse("2001:db8:0:1::1");

    readonly ManualTime _time = new();
    readonly AccessMetrics _metrics = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    [Fact]
    public void An_address_that_tries_one_key_after_another_is_refused_for_a_while()
    {
        var lockout = Lockout(new AccessLockout { Failures = 3 });
        Fail(lockout, "a", "b");
        Assert.Equal(TimeSpan.Zero, lockout.Left(Guesser));
        Fail(lockout, "c");
        Assert.Equal(TimeSpan.FromMinutes(1), lockout.Left(Guesser));
        Assert.True(lockout.Left(Neighbour) > TimeSpan.Zero);   // whoever has one address of a /64 has all of them
        Assert.Equal(TimeSpan.Zero, lockout.Left(Other));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(TimeSpan.Zero, lockout.Left(Guesser));
        Fail(lockout, "d", "e");
        Assert.Equal(TimeSpan.Zero, lockout.Left(Guesser));
    }

    [Fact]
    public void An_encoder_that_is_set_up_wrongly_locks_out_nobody()
    {
        var lockout = Lockout(new AccessLockout { Failures = 3 });
        for (var i = 0; i < 100; i++)
        {
            Fail(lockout, "the same");
        }

        Assert.Equal(TimeSpan.Zero, lockout.Left(Guesser));
    }

    [Fact]
    public void What_was_long_ago_does_not_count()
    {
        var lockout = Lockout(new AccessLockout { Failures = 3 });
        foreach (var key in (string[])["a", "b", "c", "d", "e"])
        {
            Fail(lockout, key);
            _time.Advance(TimeSpan.FromSeconds(40));
        }

        Assert.Equal(TimeSpan.Zero, lockout.Left(Guesser));
    }

    [Fact]
    public void It_remembers_so_many_addresses_and_no_more_and_can_be_turned_off()
    {
        var lockout = Lockout(new AccessLockout { Failures = 1, MaxAddresses = 10 });
        for (var i = 0; i < 100; i++)
        {
            lockout.Failed(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"192.0.2.{i}")), "a");
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(TimeSpan.Zero, lockout.Left(IPAddress.Parse("192.0.2.1")));
        Assert.True(lockout.Left(IPAddress.Parse("192.0.2.99")) > TimeSpan.Zero);

        var off = Lockout(new AccessLockout { Failures = 0 });
        Fail(off, "a", "b", "c");
        Assert.Equal(TimeSpan.Zero, off.Left(Guesser));
    }

    static void Fail(Lockout lockout, params string[] keys) => Array.ForEach(keys, key => lockout.Failed(Guesser, key));

    Lockout Lockout(AccessLockout options) => new(Options.Create(new AccessOptions { Lockout = options }), _metrics, _time);
}
