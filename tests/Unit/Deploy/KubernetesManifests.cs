using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Tributary.Unit.Gateway;

namespace Tributary.Unit.Deploy;

/// <summary>deploy/k8s: labels are selected, ports are those of the options, probes are answered, whatever is referred to is there.</summary>
public sealed class KubernetesManifests
{
    static readonly Dictionary<string, string> PortOptions = new()
    {
        ["http"] = "Http:Port", ["rtmp"] = "Ingest:Rtmp:Port", ["rtmps"] = "Ingest:Rtmp:TlsPort", ["frames"] = "Frames:Port",
        ["silo"] = "Silo:Port", ["silo-gateway"] = "Silo:GatewayPort",
    };

    static readonly JsonNode[] All =
    [
        .. Manifests.Read("deploy/k8s/kustomization.yaml").Single()["resources"]!.AsArray().SelectMany(file => Manifests.Read($"deploy/k8s/{file}")),
    ];

    static JsonNode[] Workloads => [.. All.Where(one => Kind(one) is "StatefulSet" or "Deployment")];

    static JsonNode Container(JsonNode workload) => Assert.Single(Pod(workload)["containers"]!.AsArray())!;

    static JsonNode Pod(JsonNode workload) => workload["spec"]!["template"]!["spec"]!;

    static JsonNode Labels(JsonNode workload) => workload["spec"]!["template"]!["metadata"]!["labels"]!;

    static string Kind(JsonNode one) => (string)one["kind"]!;

    static string Name(JsonNode one) => (string)one["metadata"]!["name"]!;

    [Fact]
    public void Every_role_has_pods_and_a_budget_for_disruptions()
    {
        Assert.Equal(["gateway", "ingest", "silo"], Workloads.Select(Name).Order());
        Assert.All(Workloads, workload =>
        {
            Assert.Equal(Name(workload), Variable(workload, "Node__Roles__0"));
            Assert.Single(All, one => Kind(one) == "PodDisruptionBudget" && Selects(one["spec"]!["selector"]!["matchLabels"]!, workload)
                && (int)one["spec"]!["maxUnavailable"]! == 1);
            Assert.True((int)workload["spec"]!["replicas"]! >= 2);
        });
    }

    [Fact]
    public void Every_selector_selects_pods_that_have_the_ports()
    {
        foreach (var one in All)
        {
            var selector = Kind(one) switch
            {
                "Service" => one["spec"]!["selector"],
                "StatefulSet" or "Deployment" or "PodDisruptionBudget" => one["spec"]!["selector"]!["matchLabels"],
                "NetworkPolicy" => one["spec"]!["podSelector"]!["matchLabels"],
                _ => null,
            };
            if (selector is null)
            {
                continue;
            }

            var selected = Workloads.Where(workload => Selects(selector, workload)).ToArray();
            Assert.True(selected.Length > 0, $"{Kind(one)} {Name(one)} selects nothing");
            IEnumerable<string> ports =
            [
                .. (Kind(one) == "Service" ? one["spec"]!["ports"]!.AsArray() : []).Select(port => (string)port!["targetPort"]!),
                .. (one["spec"]!["ingress"]?.AsArray() ?? []).SelectMany(rule => rule!["ports"]!.AsArray()).Select(port => (string)port!["port"]!),
            ];
            Assert.All(ports, port => Assert.All(selected, workload =>
                Assert.True(Container(workload)["ports"]!.AsArray().Any(known => (string)known!["name"]! == port), $"{Kind(one)} {Name(one)}: {Name(workload)} has no port {port}")));
        }
    }

    [Fact]
    public void Ports_are_the_options_defaults() => Assert.All(Workloads.SelectMany(workload => Container(workload)["ports"]!.AsArray()), port =>
        Assert.Equal(Manifests.Options[PortOptions[(string)port!["name"]!]], ((int)port["containerPort"]!).ToString(CultureInfo.InvariantCulture)));

    [Fact]
    public async Task Probes_are_answered_by_the_server_itself()
    {
        await using var host = await GatewayHost.Start();
        foreach (var workload in Workloads)
        {
            var container = Container(workload);
            string[] paths = [.. new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(probe => (string)container[probe]!["httpGet"]!["path"]!)];
            foreach (var path in paths)
            {
                Assert.Equal(HttpStatusCode.OK, (await host.Get(path)).Status);
            }

            Assert.Equal("/livez", paths[0]);
            Assert.Equal("/livez", paths[1]);
            Assert.StartsWith("/readyz", paths[2], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Variables_and_secrets_are_options_that_exist()
    {
        Assert.All(Workloads, workload => Assert.All(Container(workload)["env"]!.AsArray(), variable => Manifests.IsOption((string)variable!["name"]!, Name(workload))));
        Assert.All(All.Where(one => Kind(one) == "ConfigMap"), map => Assert.All(map["data"]!.AsObject(), variable => Manifests.IsOption(variable.Key, Name(map))));
        var secret = Manifests.Read("deploy/k8s/secret.example.yaml").Single();
        Assert.All(secret["stringData"]!.AsObject(), variable => Manifests.IsOption(variable.Key, "secret"));
        Assert.All(Workloads, workload =>
        {
            Assert.Contains(Container(workload)["envFrom"]!.AsArray(), from => All.Any(one => Kind(one) == "ConfigMap" && Name(one) == (string)from!["configMapRef"]!["name"]!));
            Assert.Contains(Pod(workload)["volumes"]!.AsArray(), volume => (string?)volume!["secret"]?["secretName"] == Name(secret));
        });
    }

    [Fact]
    public void Mounts_are_volumes_and_the_roots_are_read_only() => Assert.All(Workloads, workload =>
    {
        var volumes = Pod(workload)["volumes"]!.AsArray().Select(volume => (string)volume!["name"]!);
        Assert.Equal(volumes.Order(), Container(workload)["volumeMounts"]!.AsArray().Select(mount => (string)mount!["name"]!).Order());
        Assert.True((bool)Container(workload)["securityContext"]!["readOnlyRootFilesystem"]!);
        Assert.True((bool)Pod(workload)["securityContext"]!["runAsNonRoot"]!);
    });

    [Fact]
    public void A_stateful_set_has_its_headless_service() => Assert.All(Workloads.Where(workload => Kind(workload) == "StatefulSet"), workload =>
        Assert.Contains(All, one => Kind(one) == "Service" && Name(one) == (string)workload["spec"]!["serviceName"]! && (string)one["spec"]!["clusterIP"]! == "None"
            && Selects(one["spec"]!["selector"]!, workload)));

    [Fact]
    public void The_monitor_finds_services_that_have_its_port()
    {
        var monitor = Manifests.Read("deploy/k8s/monitoring/nodes.yaml").Single();
        var port = (string)monitor["spec"]!["endpoints"]![0]!["port"]!;
        Assert.All(Workloads, workload => Assert.Contains(All, one => Kind(one) == "Service" && Selects(one["spec"]!["selector"]!, workload)
            && Matches(monitor["spec"]!["selector"]!["matchLabels"]!, one["metadata"]!["labels"]!) && one["spec"]!["ports"]!.AsArray().Any(known => (string)known!["name"]! == port)));
    }

    [SkippableTheory]
    [InlineData("deploy/k8s")]
    [InlineData("deploy/k8s/monitoring")]
    public void Kustomize_builds_it(string folder)
    {
        Skip.IfNot(File.Exists("/usr/bin/kubectl"), "kubectl is not installed (package kubernetes-client)");
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/kubectl", ["kustomize", Path.Combine(Manifests.Root, folder)]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        var objects = Manifests.Read($"{folder}/kustomization.yaml").Single()["resources"]!.AsArray().Sum(file => Manifests.Read($"{folder}/{file}").Count());
        Assert.Equal(objects, output.Split("\n---\n").Length);
    }

    static bool Selects(JsonNode selector, JsonNode workload) => Matches(selector, Labels(workload));

    static bool Matches(JsonNode selector, JsonNode labels) => selector.AsObject().All(label => (string?)labels[label.Key] == (string?)label.Value);

    static string? Variable(JsonNode workload, string name) =>
        (string?)Container(workload)["env"]!.AsArray().Single(variable => (string)variable!["name"]! == name)!["value"];
}
