using Tributary.Bench;

// deploy/bench [NAME…]: the named benchmarks, or all of them. `load …` and `view …` are the load generators, `silo …` the engine's other end: processes of their own, so that their cost is known.
if (args is ["load", ..])
{
    return await PublishLoad.Run(args);
}

if (args is ["view", ..])
{
    return await ViewLoad.Run(args);
}

if (args is ["silo", ..])
{
    return await EngineBench.Silo(args);
}

if (args is ["upload", ..])
{
    return await ApiBench.UploadAlone(args);
}

var benchmarks = new Dictionary<string, Func<Task>>
{
    ["frames"] = FramesBench.Run,
    ["publishers"] = PublishersBench.Run,
    ["requests"] = RequestsBench.Run,
    ["listing"] = ListingBench.Run,
    ["engine"] = EngineBench.Run,
    ["parts"] = PartsBench.Run,
    ["recording"] = RecordingBench.Run,
    ["api"] = ApiBench.Run,
    ["vod"] = VodBench.Run,
    ["viewers"] = ViewersBench.Run,
    ["leak"] = LeakBench.Run,
};
var chosen = args.Length == 0 ? [.. benchmarks.Keys] : args;
if (chosen.FirstOrDefault(name => !benchmarks.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine($"{Environment.ProcessorCount} cores, {Environment.OSVersion}, .NET {Environment.Version}. Everything below runs on this one machine, load included.");
foreach (var name in chosen)
{
    await benchmarks[name]();
}

return 0;
