# shellcheck shell=bash
# What the commands of this folder share. Sourced, never run. Each function says what it does on stdout; mistakes end the command with one clear line.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
offset=${PORT_OFFSET:-0}

# Quiet tools, and no build servers that outlive the command.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

case $offset in *[!0-9]*) die "PORT_OFFSET must be a number, not '$offset'" ;; esac

# --- Installing what is missing -----------------------------------------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "this needs root, and there is no sudo: $*"
  fi
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# need PACKAGE[:COMMAND]… – a package counts as there when its command is, or when dpkg knows it.
need() {
  find_missing "$@"
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "please install: ${missing[*]} (this is no Debian or Ubuntu, so it is not done for you)"
  say "Installing ${missing[*]}"
  apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}"
}

# want PACKAGE[:COMMAND]… – the same for what can be done without: what the package sources do not hold is left out, and named.
want() {
  local package held=()
  find_missing "$@"
  [ ${#missing[@]} -gt 0 ] || return 0
  if command -v apt-get >/dev/null; then
    apt_get update
    for package in "${missing[@]}"; do
      if apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [0-9]'; then held+=("$package"); else say "There is no package $package here: what needs it is skipped"; fi
    done
    [ ${#held[@]} -eq 0 ] || need "${held[@]}"
  else
    say "Not installed: ${missing[*]} (this is no Debian or Ubuntu); what needs them is skipped"
  fi
}

find_missing() {
  local wanted package command
  missing=()
  for wanted in "$@"; do
    package=${wanted%%:*} command=${wanted#*:}
    if [ "$command" != "$wanted" ] && command -v "$command" >/dev/null; then continue; fi
    installed "$package" || missing+=("$package")
  done
}

apt_get() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "apt-get $1 failed"
  fi
  rm -f "$log"
}

need_dotnet() {
  local place
  for place in "" /usr/lib/dotnet /usr/share/dotnet "$HOME/.dotnet"; do
    [ -z "$place" ] || [ ! -x "$place/dotnet" ] || PATH=$place:$PATH
    if dotnet --list-sdks 2>/dev/null </dev/null | grep -q '^10\.'; then return 0; fi
  done
  if command -v apt-cache >/dev/null; then
    apt_get update
    if apt-cache policy dotnet-sdk-10.0 2>/dev/null | grep -q 'Candidate: [0-9]'; then
      need dotnet-sdk-10.0
      return 0
    fi
  fi
  die "the .NET SDK 10 is missing and this system's package sources do not hold it: install it from https://dotnet.microsoft.com/download/dotnet/10.0 (on PATH, or in ~/.dotnet) and run this again"
}

# npm_install FOLDER – what its package-lock.json names, below FOLDER/node_modules; nothing to do when that is in place already.
npm_install() {
  local folder=$1 done_mark=$1/node_modules/.package-lock.json
  if [ -f "$done_mark" ] && [ ! "$folder/package-lock.json" -nt "$done_mark" ]; then return 0; fi
  command -v npm >/dev/null || need npm
  say "Installing ${folder#"$root"/} from npm"
  (cd "$folder" && timeout 300 npm ci --no-audit --no-fund --loglevel=error </dev/null >/dev/null) || return 1
  touch "$done_mark"
}

# --- Building -----------------------------------------------------------------------------------------------------------------------------

# Chooses the engine and says which: Microsoft Orleans where its packages can be had, else the embedded one.
choose_engine() {
  local packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
  if [ -n "${ClusterEngine:-}" ]; then
    say "Engine: $ClusterEngine (as ClusterEngine says)"
  elif restore_orleans && [ -d "$packages/microsoft.orleans.runtime" ]; then
    export ClusterEngine=orleans
    say "Engine: orleans (Microsoft Orleans $(orleans_version))"
  else
    export ClusterEngine=embedded
    say "Engine: embedded (the Microsoft Orleans packages cannot be restored here; nothing is lost but cross-checking)"
  fi
}

orleans_version() { sed -n 's:.*<OrleansVersion>\(.*\)</OrleansVersion>.*:\1:p' "$root/Directory.Packages.props"; }

# In a project of its own outside the repository, so that a source without the packages harms nothing. Bounded in time, and silent.
restore_orleans() {
  local probe result=0
  probe=$(mktemp -d)
  {
    say '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup>'
    say '<FrameworkReference Include="Microsoft.AspNetCore.App" />'
    sed -n "s:.*Include=\"\(Microsoft\.Orleans[^\"]*\)\".*:<PackageReference Include=\"\1\" Version=\"$(orleans_version)\" />:p" "$root/Directory.Packages.props"
    say '</ItemGroup></Project>'
  } >"$probe/probe.csproj"
  (cd "$probe" && timeout -k 5 90 dotnet restore -v q) >/dev/null 2>&1 </dev/null || result=1
  rm -rf "$probe"
  return $result
}

# build COMMAND ARGUMENTS… – one build at a time in this clone, however many commands run.
build() {
  local log started=$SECONDS
  log=$(mktemp)
  if ! flock -o "$root/deploy" dotnet "$@" -v q -nologo >"$log" 2>&1 </dev/null; then
    grep -E 'error|Error' "$log" | sort -u | head -n 40 >&2 || tail -n 40 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  say "Built in $((SECONDS - started)) s"
}

# publish_server FOLDER – the server, with machine code made ahead of time, so that the first of everything does not wait for the runtime's compiler.
# Where that code cannot be made (another processor, or its compiler's package cannot be fetched) the server is the same, and slower at first.
publish_server() {
  local server=$root/Silo/Silo.csproj ahead=()
  case $(uname -m) in
    x86_64) ahead=(-r linux-x64) ;;
    aarch64) ahead=(-r linux-arm64) ;;
  esac
  if [ ${#ahead[@]} -gt 0 ] && flock -o "$root/deploy" timeout -k 5 120 dotnet restore "$server" "${ahead[@]}" -p:PublishReadyToRun=true -v q >/dev/null 2>&1 </dev/null; then
    ahead+=(--self-contained false -p:PublishReadyToRun=true)
  else
    ahead=()
  fi
  build publish "$server" -c Release "${ahead[@]}" -o "$1"
}

# --- Processes ----------------------------------------------------------------------------------------------------------------------------
# A pid file holds "PID STARTTIME": a number that the system has given to another process since then is not ours to signal.

start_time() {
  local fields
  fields=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -r -a fields <<<"${fields##*) }"
  # proc(5): field 3 is the state (Z: already dead), field 22 the start.
  [ "${fields[0]}" != Z ] && say "${fields[19]}"
}

remember() { say "$2 $(start_time "$2")" >"$1"; }

# running PIDFILE – prints the pid while that very process lives.
running() {
  local pid started
  read -r pid started 2>/dev/null <"$1" || return 1
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && say "$pid"
}

# stop PIDFILE NAME SECONDS – asks, waits, insists. Asked twice a node does not wait to hand over to others: here all go down.
stop() {
  local pid tick
  if pid=$(running "$1"); then
    kill -TERM "$pid" 2>/dev/null
    for ((tick = 0; tick < $3 * 10; tick++)); do
      running "$1" >/dev/null || break
      [ $tick -ne 10 ] || kill -TERM "$pid" 2>/dev/null
      sleep 0.1
    done
    if running "$1" >/dev/null; then
      say "$2 (pid $pid) did not stop within $3 s: killed"
      kill -KILL "$pid" 2>/dev/null
      for ((tick = 0; tick < 50; tick++)); do running "$1" >/dev/null || break; sleep 0.1; done
    else
      say "$2 (pid $pid) stopped"
    fi
    rm -f "$1"
    return 0
  fi
  rm -f "$1"
  return 1
}

# shellcheck disable=SC2034 # for the commands that source this
http_port=$((8080 + offset)) rtmp_port=$((1935 + offset)) rtmps_port=$((1936 + offset))
# shellcheck disable=SC2034
frames_port=$((11200 + offset)) silo_port=$((11111 + offset)) gateway_port=$((30000 + offset))
