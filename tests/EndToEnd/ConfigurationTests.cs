using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>What somebody reads who mistyped the configuration: a line per mistake, and no stack.</summary>
public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("Live:SegmentDuratoin is no option", "--Live:SegmentDuratoin=00:00:02")]
    [InlineData("'two' at 'Live:SegmentDuration'", "--Live:SegmentDuration=two")]
    [InlineData("Live: durations must be positive", "--Live:Hold=-00:00:01")]
    [InlineData("'http' at 'Http:Port'", "--Http:Port=http")]
    [InlineData("Publish:MaxPublishers must be positive", "--Publish:MaxPublishers=0")]
    [InlineData("The data folder /proc/tributary cannot be used", "--Data=/proc/tributary")]
    public async Task A_mistake_is_told_in_one_line(string told, string argument)
    {
        await using var server = ChildProcess.Start(
            "dotnet", [Repository.ServerAssembly, $"--Data={Repository.Folder("mistakes")}-{Guid.NewGuid():N}", argument]);

        Assert.Equal(2, await server.Ends(TimeSpan.FromSeconds(20)));
        Assert.Contains(told, Assert.Single(server.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.DoesNotContain("   at ", server.Output + server.Errors);
    }
}
