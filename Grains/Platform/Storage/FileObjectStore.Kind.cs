using System.Collections.Concurrent;

namespace Tributary.Grains.Platform.Storage;

// What is in memory.
public sealed partial class FileObjectStore
{
    /// <summary>All objects of a kind, and by the entry that they belong to.</summary>
    sealed class Kind
    {
        const string IndexedField = "entryId";

        readonly ConcurrentDictionary<string, StoredObject> _objects = new(StringComparer.Ordinal);
        readonly ConcurrentDictionary<string, ConcurrentDictionary<string, StoredObject>> _byEntry = new(StringComparer.Ordinal);

        public int Count => _objects.Count;

        public IEnumerable<StoredObject> All => _objects.Values;

        public StoredObject? Find(string id) => _objects.GetValueOrDefault(id);

        public bool TryPut(StoredObject next, long expected)
        {
            var done = expected == 0
                ? _objects.TryAdd(next.Id, next)
                : _objects.TryGetValue(next.Id, out var old) && old.Version == expected && _objects.TryUpdate(next.Id, next, old);
            if (done)
            {
                Index(next);
            }

            return done;
        }

        public void Put(StoredObject stored)
        {
            _objects[stored.Id] = stored;
            Index(stored);
        }

        public StoredObject? Remove(string id)
        {
            if (!_objects.TryRemove(id, out var removed))
            {
                return null;
            }

            if (_byEntry.TryGetValue(removed.Value.Text(IndexedField), out var siblings))
            {
                siblings.TryRemove(id, out _);
            }

            return removed;
        }

        /// <summary>Those that can fulfil a condition: by their ids, or of one entry, where the condition says so.</summary>
        public IEnumerable<StoredObject> Candidates(Condition? condition) =>
            ValuesOf(condition, "id") is { } ids ? ids.Select(Find).OfType<StoredObject>()
            : ValuesOf(condition, IndexedField) is { } entries ? entries.SelectMany(entry => _byEntry.TryGetValue(entry, out var siblings) ? siblings.Values : [])
            : _objects.Values;

        void Index(StoredObject stored)
        {
            if (stored.Value.Text(IndexedField) is { Length: > 0 } entry)
            {
                _byEntry.GetOrAdd(entry, _ => new(StringComparer.Ordinal))[stored.Id] = stored;
            }
        }

        static string[]? ValuesOf(Condition? condition, string field) => condition switch
        {
            Test { Kind: TestKind.In } test when test.Field == field => test.Values.Distinct().ToArray(),
            Every every => every.Of.Select(part => ValuesOf(part, field)).FirstOrDefault(values => values is not null),
            _ => null,
        };
    }
}
