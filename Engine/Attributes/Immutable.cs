namespace Orleans.Concurrency;

/// <summary>Promises that the value is never changed, so that it is passed within a process without a copy.</summary>
[Immutable, GenerateSerializer]
public readonly struct Immutable<T>(T value)
{
    [Id(0)]
    public readonly T Value = value;
}

/// <summary>Wraps a value as immutable.</summary>
public static class ImmutableExtensions
{
    public static Immutable<T> AsImmutable<T>(this T value) => new(value);
}
