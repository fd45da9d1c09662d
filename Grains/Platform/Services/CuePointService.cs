using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Points in an entry's time: slides, chapters, code for the player, annotations.</summary>
public sealed class CuePointService(Objects objects, EntryStore entries) : IServiceModule
{
    const string Service = "cuepoint_cuepoint", Kind = "cuePoint";
    static readonly string[] SceneTexts = ["title", "description", "code"];
    const int LargestFile = 4 * 1_024 * 1_024, MostServed = 10_000;

    static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["ThumbCuePoint"] = "thumbCuePoint.Thumb", ["CodeCuePoint"] = "codeCuePoint.Code", ["Annotation"] = "annotation.Annotation", ["AdCuePoint"] = "adCuePoint.Ad",
        ["EventCuePoint"] = "eventCuePoint.Event", ["QuestionCuePoint"] = "quiz.QUIZ_QUESTION", ["AnswerCuePoint"] = "quiz.QUIZ_ANSWER", ["SessionCuePoint"] = "sessionCuePoint.Session",
    };

    public void Register(ServiceTable table)
    {
        table.Add(Service, "add", CallAccess.User, call => Add(call, call.Object("cuePoint")));
        table.Add(Service, "get", CallAccess.Session, async call => (await Required(call)).Value);
        table.Add(Service, "list", CallAccess.Session, async call => await objects.List(call, Kind, "CuePointListResponse"));
        table.Add(Service, "count", CallAccess.Session, Count);
        table.Add(Service, "update", CallAccess.User, call => Update(call, call.Object("cuePoint")));
        table.Add(Service, "updateStatus", CallAccess.User, UpdateStatus);
        table.Add(Service, "updateCuePointsTimes", CallAccess.User, UpdateTimes);
        table.Add(Service, "delete", CallAccess.User, Delete);
        table.Add(Service, "addFromBulk", CallAccess.User, AddFromBulk);
        table.Add(Service, "serveBulk", CallAccess.User, ServeBulk);
        table.Add("annotation_annotation", "add", CallAccess.User, call => Add(call, call.Object("annotation")));
        table.Add("annotation_annotation", "get", CallAccess.Session, async call => (await Required(call)).Value);
        table.Add("annotation_annotation", "list", CallAccess.Session, async call => await objects.List(call, Kind, "AnnotationListResponse", also: Test.Equal("cuePointType", "annotation.Annotation")));
        table.Add("annotation_annotation", "update", CallAccess.User, call => Update(call, call.Object("annotation")));
        table.Add("annotation_annotation", "delete", CallAccess.User, Delete);
    }

    async Task<StoredObject> Required(Call call)
    {
        var id = call.Text("id");
        return await objects.Find(call, Kind, id) ?? throw PlatformException.Of("INVALID_CUE_POINT_ID", id);
    }

    async Task<object?> Add(Call call, PlatformObject point)
    {
        // 1. The entry, which the caller may mark if it may see it and is somebody.
        if (!point.Has("entryId"))
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", "KalturaCuePoint::entryId");
        }

        var entry = await entries.Required(call, point.Text("entryId"));
        if (point.Type != "Annotation" && point.Type != "AnswerCuePoint" && !EntryView.MayEdit(call, entry.Value))
        {
            throw PlatformException.Of("NO_PERMISSION_ON_ENTRY", entry.Id);
        }

        // 2. Its time, and a name that no other has.
        CheckTimes(point);
        if (point.Text("systemName") is { Length: > 0 } name && await objects.Store.First(Kind, entry.Partner, Test.Equal("entryId", entry.Id), new Test("systemName", TestKind.In, name)) is not null)
        {
            throw PlatformException.Of("CUE_POINT_SYSTEM_NAME_EXISTS", name, entry.Id);
        }

        point["cuePointType"] = Types.GetValueOrDefault(point.Type, "");
        point["status"] = 1L;
        point["userId"] = point.Text("userId", call.Caller.User);
        point["startTime"] = point["startTime"] ?? 0L;
        point["intId"] = await objects.Store.Number(Kind);
        point["duration"] = point.Has("endTime") ? point.Long("endTime") - point.Long("startTime") : null;
        return await objects.Add(Kind, point, entry.Partner, Objects.NewId());
    }

    static void CheckTimes(PlatformObject point)
    {
        if (point.Long("startTime") < 0)
        {
            throw PlatformException.Of("START_TIME_CANNOT_BE_LESS_THAN_0");
        }

        if (point.Has("endTime") && point.Has("startTime") && point.Long("endTime") < point.Long("startTime"))
        {
            throw PlatformException.Of("END_TIME_CANNOT_BE_LESS_THAN_START_TIME");
        }
    }

    async Task<object?> Count(Call call) =>
        (await objects.Store.Find(ListFilter.Query(Kind, call.Optional("filter"), null, []) with { Partner = call.Scope, Take = 1 })).Total;

    async Task<StoredObject> Editable(Call call)
    {
        var stored = await Required(call);
        var own = stored.Value.Text("userId") is { Length: > 0 } user && user == call.Caller.User;
        return own || EntryView.MayEdit(call, (await entries.Required(call, stored.Value.Text("entryId"))).Value)
            ? stored : throw PlatformException.Of("NO_PERMISSION_ON_ENTRY", stored.Value.Text("entryId"));
    }

    async Task<object?> Update(Call call, PlatformObject changes)
    {
        var stored = await Editable(call);
        var next = stored.Value.Copy();
        Objects.Apply(next, changes);
        CheckTimes(next);
        return await objects.Update(stored, changes);
    }

    async Task<object?> UpdateStatus(Call call)
    {
        await objects.Change(Kind, (await Editable(call)).Id, value => (value["status"], value["updatedAt"]) = (call.Long("status"), objects.Now));
        return null;
    }

    async Task<object?> UpdateTimes(Call call)
    {
        var stored = await Editable(call);
        var changes = new PlatformObject(stored.Value.Type) { { "startTime", call.Long("startTime") } };
        if (call.Arguments.Has("endTime"))
        {
            changes["endTime"] = call.Long("endTime");
        }

        CheckTimes(changes);
        return await objects.Update(stored, changes);
    }

    async Task<object?> Delete(Call call)
    {
        await objects.Store.Remove(Kind, (await Editable(call)).Id);
        return null;
    }

    // <scenes><scene-thumb-cue-point entryId=…><sceneStartTime>…: times as hours, minutes and seconds. No DTD is read.
    async Task<object?> AddFromBulk(Call call)
    {
        var file = call.File("fileData");
        if (file.Length > LargestFile)
        {
            throw PlatformException.Of("XML_INVALID");
        }

        var added = new List<PlatformObject>();
        foreach (var scene in ReadScenes(file.Path))
        {
            added.Add((PlatformObject)(await Add(call, scene))!);
        }

        return Objects.ListOf("CuePointListResponse", added.Count, added);
    }

    static List<PlatformObject> ReadScenes(string path)
    {
        try
        {
            using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = LargestFile });
            return [.. XDocument.Load(reader).Root!.Elements().Where(scene => scene.Name.LocalName.StartsWith("scene-", StringComparison.Ordinal)).Select(SceneOf)];
        }
        catch (XmlException)
        {
            throw PlatformException.Of("XML_INVALID");
        }
    }

    static PlatformObject SceneOf(XElement scene)
    {
        var type = scene.Name.LocalName switch { "scene-thumb-cue-point" => "ThumbCuePoint", "scene-code-cue-point" => "CodeCuePoint", "scene-ad-cue-point" => "AdCuePoint", _ => "Annotation" };
        var point = new PlatformObject(type) { { "entryId", scene.Attribute("entryId")?.Value }, { "systemName", scene.Attribute("systemName")?.Value } };
        string? Inner(string name) => scene.Element(name)?.Value;
        (point["startTime"], point["endTime"]) = (Milliseconds(Inner("sceneStartTime")), Milliseconds(Inner("sceneEndTime")));
        (point["title"], point["description"], point["code"]) = (Inner("title") ?? Inner("sceneTitle"), Inner("description"), Inner("code"));
        point["text"] = type == "Annotation" ? Inner("sceneText") : null;
        point["tags"] = scene.Element("tags") is { } tags ? string.Join(',', tags.Elements("tag").Select(tag => tag.Value)) : null;
        return point;
    }

    static long? Milliseconds(string? text) =>
        text is null ? null : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? (long)time.TotalMilliseconds : throw PlatformException.Of("XML_INVALID");

    async Task<object?> ServeBulk(Call call)
    {
        var query = ListFilter.Query(Kind, call.Optional("filter"), call.Optional("pager"), []) with { Partner = call.Scope, Take = MostServed };
        var scenes = (await objects.Store.Find(query)).Objects.Select(point => Scene(point.Value));
        return new ServedFile("text/xml", Encoding.UTF8.GetBytes(new XDocument(new XElement("scenes", scenes)).ToString(SaveOptions.DisableFormatting)));
    }

    static XElement Scene(PlatformObject point)
    {
        var name = point.Type switch { "ThumbCuePoint" => "scene-thumb-cue-point", "CodeCuePoint" => "scene-code-cue-point", "AdCuePoint" => "scene-ad-cue-point", _ => "scene-annotation" };
        static string Time(long milliseconds) => TimeSpan.FromMilliseconds(milliseconds).ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
        return new XElement(
            name, new XAttribute("sceneId", point.Text("id")), new XAttribute("entryId", point.Text("entryId")), new XElement("sceneStartTime", Time(point.Long("startTime"))),
            point.Has("endTime") ? new XElement("sceneEndTime", Time(point.Long("endTime"))) : null,
            SceneTexts.Where(point.Has).Select(field => new XElement(field, point.Text(field))),
            new XElement("tags", point.Words("tags").Select(tag => new XElement("tag", tag))));
    }
}
