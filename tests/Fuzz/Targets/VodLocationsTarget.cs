using System.Text;
using Tributary.Gateway.Vod;

namespace Tributary.Fuzz.Targets;

/// <summary>Locations files: a mistake is a line, and what is read without one is a location that can be asked.</summary>
[FuzzTarget("vod-locations")]
static class VodLocationsTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var problems = new List<string>();
        var locations = LocationsReader.Read(Encoding.UTF8.GetString(input), problems);
        Holds.That(problems.TrueForAll(static problem => problem.Length > 0), "A mistake that says nothing.");
        Holds.That(locations.All(static location => location.Prefix is ['/', _, ..]), "A location without a prefix.");
        Holds.That(problems.Count > 0 || locations.DistinctBy(static location => location.Prefix).Count() == locations.Count, "A prefix stands there twice.");
    }
}
