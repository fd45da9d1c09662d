#!/usr/bin/env bash
# deploy/docker/secrets.sh – makes the secrets that compose.yaml hands to its containers, where they are not there yet.
set -eu
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets
mkdir -p "$folder"
# Compose binds these files as they are into containers whose user is another: the folder keeps strangers out, not the files.
chmod 700 "$folder"
fresh() { head -c 32 /dev/urandom | base64 | tr -d '/+=\n'; }
[ -s "$folder/Cluster__Secret" ] || fresh >"$folder/Cluster__Secret"
[ -s "$folder/postgres-password" ] || fresh >"$folder/postgres-password"
printf 'Host=postgres;Username=tributary;Database=tributary;Password=%s' "$(cat "$folder/postgres-password")" >"$folder/Cluster__Database"
chmod 644 "$folder"/*
printf 'The secrets are in %s\n' "$folder"
