using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tributary.Unit.Deploy;

/// <summary>deploy/docker/compose.yaml: whatever it refers to is there.</summary>
public sealed class ComposeFile
{
    readonly JsonObject _file = Manifests.Read("deploy/docker/compose.yaml").Single().AsObject();

    IEnumerable<KeyValuePair<string, JsonNode?>> Services => _file["services"]!.AsObject();

    IEnumerable<KeyValuePair<string, JsonNode?>> Nodes => Services.Where(service => service.Key != "postgres");

    [Fact]
    public void Two_of_each_role_under_names_of_their_own()
    {
        var roles = Nodes.GroupBy(node => (string)node.Value!["environment"]!["Node__Roles__0"]!).ToDictionary(role => role.Key, role => role.Count());
        Assert.Equal(new Dictionary<string, int> { ["silo"] = 2, ["ingest"] = 2, ["gateway"] = 2 }, roles);
        Assert.All(Nodes, node => Assert.Equal(node.Key, (string)node.Value!["environment"]!["Node__Name"]!));
        Assert.All(Nodes, node => Assert.Equal(node.Key, (string)node.Value!["environment"]!["Node__Host"]!));
    }

    [Fact]
    public void Variables_and_secrets_are_options_that_exist()
    {
        foreach (var (name, node) in Nodes)
        {
            Assert.All(node!["environment"]!.AsObject(), variable => Manifests.IsOption(variable.Key, name));
            Assert.All(node["secrets"]!.AsArray(), secret => Manifests.IsOption((string)secret!, name));
        }
    }

    [Fact]
    public void Secrets_volumes_and_dependencies_are_declared_and_secrets_are_made()
    {
        var script = Manifests.Text("deploy/docker/secrets.sh");
        foreach (var (name, service) in Services)
        {
            Assert.All(service!["secrets"]!.AsArray(), secret => Assert.NotNull(_file["secrets"]![(string)secret!]));
            Assert.All(service["depends_on"]?.AsObject() ?? [], other => Assert.NotNull(_file["services"]![other.Key]));
            foreach (var volume in service["volumes"]!.AsArray().Select(volume => ((string)volume!).Split(':')[0]))
            {
                Assert.True(volume.StartsWith('.') ? Path.Exists(Path.Combine(Manifests.Root, "deploy/docker", volume)) : _file["volumes"]!.AsObject().ContainsKey(volume), $"{name}: {volume}");
            }
        }

        Assert.All(_file["secrets"]!.AsObject(), secret => Assert.Contains($"$folder/{secret.Key}", script, StringComparison.Ordinal));
    }

    [Fact]
    public void Ports_inside_are_the_defaults_and_outside_there_is_one_of_each()
    {
        var published = Nodes.SelectMany(node => node.Value!["ports"]?.AsArray() ?? []).Select(port => ((string)port!).Split(':')).ToArray();
        Assert.Equal(published.Length, published.Select(port => port[0]).Distinct().Count());
        Assert.All(published, port => Assert.Contains(port[1], (string[])[Manifests.Options["Http:Port"], Manifests.Options["Ingest:Rtmp:Port"]]));
        var exposed = Regex.Match(Manifests.Text("deploy/docker/Dockerfile"), @"^EXPOSE (.*)$", RegexOptions.Multiline).Groups[1].Value.Split(' ');
        Assert.Equal(
            new[] { "Http:Port", "Ingest:Rtmp:Port", "Ingest:Rtmp:TlsPort", "Frames:Port", "Silo:Port", "Silo:GatewayPort" }.Select(option => Manifests.Options[option]).Order(),
            exposed.Order());
        Assert.All(exposed, port => int.Parse(port, CultureInfo.InvariantCulture));
    }
}
