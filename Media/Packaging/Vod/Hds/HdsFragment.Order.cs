using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

// The order of the tags.
sealed partial class HdsFragment
{
    // By decode time; of those that are decoded at once the first track's first.
    static Tag[] InOrder(HdsTrack[] tracks)
    {
        var tags = new Tag[tracks.Sum(static track => track.Count)];
        var places = new (int Run, int Frame)[tracks.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            var (first, time) = (-1, long.MaxValue);
            for (var track = 0; track < places.Length; track++)
            {
                ref var place = ref places[track];
                var runs = tracks[track].Runs;
                while (place.Run < runs.Length && place.Frame == runs[place.Run].Frames.Length)
                {
                    place = (place.Run + 1, 0);
                }

                if (place.Run < runs.Length && TimeOf(runs[place.Run], place.Frame) is var at && (first < 0 || at < time))
                {
                    (first, time) = (track, at);
                }
            }

            tags[i] = TagOf(tracks[first], first, places[first], time);
            places[first].Frame++;
        }

        return tags;
    }

    static long TimeOf(SegmentRun run, int frame) => run.Start + run.Frames[frame].Dts - run.Frames[0].Dts;

    static Tag TagOf(HdsTrack track, int number, (int Run, int Frame) place, long time)
    {
        ref readonly var frame = ref track.Runs[place.Run].Frames[place.Frame];
        return new Tag(number, place.Run, place.Frame, time, TagHeader + track.HeadLength + frame.Size + TagTrailer, track.IsVideo && frame.IsKey);
    }
}
