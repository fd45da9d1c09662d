namespace Tributary.Unit.Engine;

/// <summary>
/// The embedded engine offers nothing that Microsoft Orleans lacks: every public type and member of it is in orleans-api.txt, the signatures of the published
/// 10.4.2 packages for the types in use. What only tests use is in a namespace of its own, which no application project may import.
/// </summary>
public sealed class SignatureTest
{
    const string TestControls = "Orleans.TestingHost.Simulation";

    [Fact]
    public void Every_public_member_of_the_engine_is_a_member_of_Orleans()
    {
        using var stream = typeof(SignatureTest).Assembly.GetManifestResourceStream("orleans-api.txt")!;
        var known = new StreamReader(stream).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        var ours = ApiSignatures.Of(typeof(IGrain).Assembly.GetExportedTypes().Where(t => t.Namespace != TestControls)).ToList();

        Assert.True(ours.Count > 1000, $"only {ours.Count} members were found");
        Assert.DoesNotContain(ours, line => !known.Contains(line));
    }

    [Fact]
    public void A_member_that_Orleans_lacks_is_found()
    {
        Assert.Contains("Tributary.Unit.Engine.SignatureTest+Sample.Extra(System.Int32 count = 3) : System.String", ApiSignatures.Of(typeof(Sample)));
    }

    public sealed class Sample
    {
        public string Extra(int count = 3) => new('x', count);
    }
}
