#!/usr/bin/env bash
# deploy/demo.sh RTMP-URL – publishes a moving picture with a clock and a beeping tone until it is told to stop; starts anew when it is cut off.
set -u
url=$1 pause=1 child=

finish() { [ -z "$child" ] || { kill -TERM "$child" 2>/dev/null; wait "$child" 2>/dev/null; }; exit 0; }
trap finish TERM INT HUP

clock="drawtext=text='%{localtime}':fontsize=64:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=12:x=(w-tw)/2:y=h-th-48"
# Without a font there is no clock; the test picture counts by itself.
ffmpeg -v quiet -nostdin -f lavfi -i color=s=320x180 -frames:v 1 -vf "$clock" -f null - </dev/null || clock=null

while :; do
  started=$SECONDS
  ffmpeg -nostdin -hide_banner -loglevel warning \
    -re -f lavfi -i testsrc2=size=1280x720:rate=30 -re -f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000 \
    -vf "$clock,format=yuv420p" -c:v libx264 -preset veryfast -b:v 2500k -maxrate 2500k -bufsize 5000k -g 60 -keyint_min 60 -sc_threshold 0 \
    -c:a aac -b:a 128k -ar 48000 -ac 2 -f flv "$url" </dev/null &
  child=$!
  wait "$child"
  child=
  # A publisher that ran for a while deserves a quick return; one that fails at once must not storm the server.
  if [ $((SECONDS - started)) -ge 30 ]; then pause=1; fi
  echo "$(date -u +%FT%TZ) publisher ended; again in $pause s"
  sleep "$pause" &
  child=$!
  wait "$child"
  child=
  pause=$((pause < 15 ? pause * 2 : 30))
done
