namespace Tributary.Grains.Platform.Storage;

/// <summary>What is looked for, in which order, and which part of it.</summary>
public sealed record ObjectQuery(string Kind)
{
    /// <summary>Null: of every partner.</summary>
    public int? Partner { get; init; }

    /// <summary>Also those of the platform itself (partner 0): templates that everybody may use.</summary>
    public bool WithPlatform { get; init; }

    public Condition? Where { get; init; }

    public string OrderBy { get; init; } = "createdAt";

    public bool Descending { get; init; } = true;

    public int Skip { get; init; }

    public int Take { get; init; } = 30;
}

/// <summary>Something that an object fulfils or not.</summary>
public abstract record Condition;

public sealed record Every(IReadOnlyList<Condition> Of) : Condition;

public sealed record Any(IReadOnlyList<Condition> Of) : Condition;

public sealed record Not(Condition Of) : Condition;

/// <summary>A field is compared with values.</summary>
public sealed record Test(string Field, TestKind Kind, params string[] Values) : Condition
{
    /// <summary>Stands for the type of an object.</summary>
    public const string TypeField = "objectType";

    public static Test Equal(string field, object value) =>
        new(field, TestKind.In, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "");
}

/// <summary>Words in name, description, tags, reference and id; a last one with an asterisk is a beginning.</summary>
public sealed record FreeText(string Words) : Condition;

public enum TestKind
{
    /// <summary>Is one of the values. A field that is not set is none.</summary>
    In,

    /// <summary>Contains one of the values, without regard to case.</summary>
    ContainsAny,

    /// <summary>Contains all of them.</summary>
    ContainsAll,

    /// <summary>Has one of the values as an element of its comma separated list.</summary>
    ListsAny,

    ListsAll,

    StartsWith,

    AtLeast,

    AtMost,

    IsSet,
}
