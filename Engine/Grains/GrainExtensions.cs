using Orleans.Runtime;

namespace Orleans;

/// <summary>Keys, ids and other views of a grain; for references and for grains themselves.</summary>
public static class GrainExtensions
{
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) => (TGrainInterface)grain.AsReference(typeof(TGrainInterface));

    public static TGrainInterface Cast<TGrainInterface>(this IAddressable grain) => grain.AsReference<TGrainInterface>();

    public static object Cast(this IAddressable grain, Type interfaceType) => grain.AsReference(interfaceType);

    public static object AsReference(this IAddressable grain, Type interfaceType)
    {
        ArgumentNullException.ThrowIfNull(grain);
        if (grain is GrainReference same && interfaceType.IsInstanceOfType(same))
        {
            return same;
        }

        return Reference(grain) is { } reference
            ? reference.Node.References.Create(reference.GrainId, interfaceType)
            : throw new ArgumentException($"The object of type {grain.GetType()} is neither a grain nor a reference. Use {nameof(IGrainFactory.CreateObjectReference)} for observers.", nameof(grain));
    }

    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReference reference => reference.GrainId,
        IGrainBase self when self.GrainContext is { } context => context.GrainId,
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"The object of type {grain.GetType()} is neither a grain nor a reference.", nameof(grain))
    };

    public static bool IsPrimaryKeyBasedOnLong(this IAddressable grain) => grain.GetGrainId().TryGetIntegerKey(out _, out _);

    public static long GetPrimaryKeyLong(this IAddressable grain, out string? keyExt) => grain.GetGrainId().GetIntegerKey(out keyExt);

    public static long GetPrimaryKeyLong(this IAddressable grain) => grain.GetGrainId().GetIntegerKey();

    public static Guid GetPrimaryKey(this IAddressable grain, out string? keyExt) => Key(grain.GetGrainId(), out keyExt);

    public static Guid GetPrimaryKey(this IAddressable grain) => Key(grain.GetGrainId(), out _);

    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    // An integer key read as a GUID has the integer in its last eight bytes.
    static Guid Key(GrainId id, out string? keyExt)
    {
        if (id.TryGetGuidKey(out var key, out keyExt))
        {
            return key;
        }

        if (!id.TryGetIntegerKey(out var number, out keyExt))
        {
            throw new ArgumentException($"Unable to parse GUID key from grain id {id}", nameof(id));
        }

        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes[8..], number);
        return new Guid(bytes);
    }

    static GrainReference? Reference(IAddressable grain) => grain as GrainReference ?? (grain as IGrainBase)?.GrainContext?.GrainReference;
}
