using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>One life of one grain. Written <c>@</c> and 32 hexadecimal digits.</summary>
[Immutable, GenerateSerializer, JsonConverter(typeof(ActivationIdConverter))]
public readonly struct ActivationId(Guid key) : IEquatable<ActivationId>, ISpanFormattable
{
    readonly Guid _key = key;

    public bool IsDefault => _key == Guid.Empty;

    public static ActivationId NewId() => new(Guid.NewGuid());

    public static ActivationId GetDeterministic(GrainId grain)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, grain.Type.GetUniformHashCode());
        BitConverter.TryWriteBytes(bytes[4..], grain.Key.GetUniformHashCode());
        BitConverter.TryWriteBytes(bytes[8..], grain.GetUniformHashCode());
        return new ActivationId(new Guid(bytes));
    }

    public bool Equals(ActivationId other) => _key == other._key;

    public override bool Equals(object? obj) => obj is ActivationId other && Equals(other);

    public override int GetHashCode() => _key.GetHashCode();

    public override string ToString() => $"@{_key:N}";

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite($"@{_key:N}", out charsWritten);

    public string ToParsableString() => ToString();

    public static ActivationId FromParsableString(string activationId) => activationId is ['@', ..] && Guid.TryParseExact(activationId.AsSpan(1), "N", out var key)
        ? new ActivationId(key)
        : throw new FormatException($"\"{activationId}\" is no activation id: @ and 32 hexadecimal digits are expected");

    public static bool operator ==(ActivationId left, ActivationId right) => left.Equals(right);

    public static bool operator !=(ActivationId left, ActivationId right) => !left.Equals(right);
}
