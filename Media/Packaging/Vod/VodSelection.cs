using System.Globalization;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>
/// Selections in a file name, each after a dash: <c>f1</c> sequence by number, <c>sID</c> by id, <c>v1</c> and <c>a1</c> tracks (0: all), <c>leng</c>
/// language, <c>c2</c> clip, <c>i2</c> segment within it, <c>p80</c> delay, <c>x3</c> version. Tracks belong to the sequences that stand before them.
/// </summary>
static class VodSelection
{
    const int MaxSequences = 64;

    public static bool TryRead(ReadOnlySpan<char> text, ref VodRequest request)
    {
        var reading = new Reading();
        while (text.Length > 0)
        {
            if (text[0] != '-' || text.Length < 2)
            {
                return false;
            }

            text = text[1..];
            var end = text.IndexOf('-') is >= 0 and var dash ? dash : text.Length;
            if (end == 0 || !reading.Take(text[0], text[1..end], ref request))
            {
                return false;
            }

            text = text[end..];
        }

        request = reading.Finish(request);
        return true;
    }

    ref struct Reading
    {
        TrackSelection _common;
        bool _hasCommon;
        ulong _sequences;
        ulong _group;
        List<string>? _ids;
        int _groupIds;
        bool _groupHasTracks;
        Dictionary<int, TrackSelection>? _tracks;
        Dictionary<string, TrackSelection>? _idTracks;
        List<string>? _languages;

        public bool Take(char kind, ReadOnlySpan<char> value, ref VodRequest request)
        {
            switch (kind)
            {
                case 'f': return TakeSequence(value);
                case 's': return TakeSequenceId(value);
                case 'v' or 'a': return TakeTrack(kind, value);
                case 'l': return TakeLanguage(value);
            }

            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            switch (kind)
            {
                case 'c': request = request with { ClipIndex = number - 1 }; return number > 0;
                case 'i': request = request with { SegmentIndex = number }; return true;
                case 'p': request = request with { PtsDelay = number }; return true;
                case 'x': request = request with { Version = number }; return true;
                default: return false;
            }
        }

        public readonly VodRequest Finish(VodRequest request) => request with
        {
            Sequences = _sequences == 0 ? ulong.MaxValue : _sequences,
            SequenceIds = _ids ?? request.SequenceIds,
            Tracks = _hasCommon ? _common : null,
            SequenceTracks = _tracks ?? request.SequenceTracks,
            SequenceIdTracks = _idTracks ?? request.SequenceIdTracks,
            Languages = _languages ?? request.Languages,
        };

        bool TakeSequence(ReadOnlySpan<char> value)
        {
            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > MaxSequences)
            {
                return false;
            }

            StartGroup();
            _sequences |= 1ul << (number - 1);
            _group |= 1ul << (number - 1);
            return true;
        }

        bool TakeSequenceId(ReadOnlySpan<char> value)
        {
            if (value.IsEmpty || _ids?.Count >= MaxSequences)
            {
                return false;
            }

            StartGroup();
            (_ids ??= []).Add(value.ToString());
            _groupIds++;
            return true;
        }

        void StartGroup()
        {
            if (_groupHasTracks)
            {
                (_group, _groupIds, _groupHasTracks) = (0, 0, false);
            }
        }

        bool TakeTrack(char kind, ReadOnlySpan<char> value)
        {
            if (!VodPathParameters.TryTrackBits(value, out var bits))
            {
                return false;
            }

            var tracks = kind == 'v' ? new TrackSelection(bits, 0) : new TrackSelection(0, bits);
            if (_group == 0 && _groupIds == 0)
            {
                (_common, _hasCommon) = (Join(_common, tracks), true);
                return true;
            }

            _groupHasTracks = true;
            for (var index = 0; index < MaxSequences; index++)
            {
                if ((_group >> index & 1) != 0)
                {
                    _tracks ??= [];
                    _tracks[index] = Join(_tracks.GetValueOrDefault(index), tracks);
                }
            }

            for (var at = (_ids?.Count ?? 0) - _groupIds; at < (_ids?.Count ?? 0); at++)
            {
                _idTracks ??= [];
                _idTracks[_ids![at]] = Join(_idTracks.GetValueOrDefault(_ids[at]), tracks);
            }

            return true;
        }

        bool TakeLanguage(ReadOnlySpan<char> value)
        {
            var code = value.ToString();
            if (!LanguageCodes.IsKnown(code) || _languages?.Count >= MaxSequences)
            {
                return false;
            }

            (_languages ??= []).Add(code);
            return true;
        }

        static TrackSelection Join(TrackSelection one, TrackSelection other) =>
            new(one.Video | other.Video, one.Audio | other.Audio, one.Subtitles | other.Subtitles);
    }
}
