import { copyField, describeTracks, element, getJson, publishFields, stateClass, stateText } from './shared.js';

// The page asks the server every two seconds how the stream is, says in one sentence why there is no picture, and starts playing whenever there is
// one. Nothing needs a reload: a player that gave up is made anew as soon as the stream is back.

const $ = id => document.getElementById(id);
const name = decodeURIComponent(location.pathname.split('/')[2]);
const shown = `/live/${encodeURIComponent(name)}/master.m3u8`;
// What opens a protected stream goes from the page's address to the playlist's, and is shown nowhere.
const opens = new URLSearchParams([...new URLSearchParams(location.search)].filter(([key]) => ['token', 'jwt'].includes(key))).toString();
const master = opens ? `${shown}?${opens}` : shown;
const video = $('video');

const stats = { state: 'loading', stalls: 0, discontinuities: 0, restarts: 0, errors: [] };
let stream = null;          // what the server said last
let player = null;          // what plays now
let lastProgress = Date.now();
let lastTime = 0;
let liveSince = 0;          // since when the server says that the stream is live
let hlsReady = null;

// --- What tests and curious people read ------------------------------------------------------------------------------------------------------

window.tributary = {
  get state() { return stats.state; },
  get message() { return $('overlay').hidden ? '' : $('message').textContent; },
  get stalls() { return stats.stalls; },
  get discontinuities() { return stats.discontinuities; },
  get restarts() { return stats.restarts; },
  get errors() { return stats.errors; },
  get decodedFrames() { return video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0; },
  get droppedFrames() { return video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0; },
  get currentTime() { return video.currentTime; },
  get latency() { return player?.latency() ?? null; },
  get engine() { return player?.engine ?? null; },
};

// --- What is said --------------------------------------------------------------------------------------------------------------------------------

function show(state, message = '', hint = '') {
  stats.state = state;
  $('overlay').hidden = !message;
  video.controls = !message;
  $('message').textContent = message;
  $('hint').textContent = hint;
  $('play').hidden = state !== 'click';
}

function explain() {
  if (isMoving()) return show('playing');
  if (!stream) return show('network', 'The server does not answer.', 'The page goes on trying; nothing needs to be done here.');
  const source = stream.sources.find(one => one.onAir);
  if (stream.state === 'OffAir') {
    return show('offair', 'Nobody publishes this stream right now.', 'The picture starts by itself when an encoder connects.');
  }
  if (stream.state === 'Held') {
    return show('held', 'The encoder is gone. Waiting for it to come back …', 'The stream is held; the picture goes on by itself.');
  }
  if (source && source.sinceKeyFrame > 10) {
    return show('nokey', `An encoder is connected, but no key frame has come from it for ${Math.round(source.sinceKeyFrame)} s.`,
      'Set its key frame interval to 2 seconds. OBS: Settings, Output, Keyframe Interval.');
  }
  const unsupported = unsupportedCodec(source);
  if (unsupported) {
    return show('codec', `This browser cannot play ${unsupported}.`, 'The stream itself is fine. Another browser may play it, or let the encoder send H.264 and AAC.');
  }
  if (player?.missing) {
    return show('noplayer', 'The player library is not installed on the server.', 'npm install hls.js in its web folder, or open the playlist below in another player.');
  }
  if (player?.blocked) return show('click', 'The browser waits for a click before it plays.');
  if (player?.refused) return show('refused', opens ? 'The address of this page does not open this stream (any more).' : 'This stream is protected.', 'Ask whoever gave you the address for a new one.');
  if (player?.networkError) return show('network', 'The pictures cannot be loaded from the server.', 'Trying again …');
  show(player?.played ? 'stalled' : 'starting', player?.played ? 'Waiting for more pictures …' : 'The stream is starting …');
}

function unsupportedCodec(source) {
  const tracks = source?.tracks ?? [];
  for (const track of tracks) {
    if (!track.codecString) continue;
    const type = `${track.width || !track.sampleRate ? 'video' : 'audio'}/mp4; codecs="${track.codecString}"`;
    const source = window.ManagedMediaSource ?? window.MediaSource;
    const can = source ? source.isTypeSupported(type) : video.canPlayType(type) !== '';
    if (!can) return `${track.codec} (${track.codecString})`;
  }
  return player?.unsupported ?? null;
}

// --- How it plays ----------------------------------------------------------------------------------------------------------------------------------

function loadHls() {
  hlsReady ??= new Promise(resolve => {
    const script = element('script', { src: '/assets/hls.js' });
    script.onload = () => resolve(window.Hls ?? null);
    script.onerror = () => resolve(null);
    document.head.append(script);
  });
  return hlsReady;
}

async function start() {
  const Hls = await loadHls();
  if (player) return;
  if (Hls?.isSupported()) player = playWithHls(Hls);
  else if (video.canPlayType('application/vnd.apple.mpegurl')) player = playNatively();
  else player = { engine: null, missing: !Hls, unsupported: Hls ? 'HLS (it has no Media Source Extensions)' : null, latency: () => null, stop() {} };
  lastProgress = Date.now();
}

function stop() {
  player?.stop();
  player = null;
  hlsReady = window.Hls ? hlsReady : null;   // a library that was missing may be there next time
}

function restart() {
  stats.restarts++;
  stop();
  start();
}

function playWithHls(Hls) {
  const hls = new Hls({ lowLatencyMode: false, backBufferLength: 30, liveDurationInfinity: true, enableWorker: true });
  const made = {
    engine: 'hls.js',
    hls,
    gathering: true,
    wanted: Infinity,
    latency: () => hls.playingDate ? (Date.now() - hls.playingDate) / 1000 : null,
    stop() { hls.destroy(); video.removeAttribute('src'); video.load(); },
  };
  let sequence = null;
  let recoveries = 0;
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
    made.ended = !details.live;
    made.networkError = false;
    made.wanted = details.live ? 2.5 * details.targetduration : 0;
  });
  hls.on(Hls.Events.FRAG_CHANGED, (_, { frag }) => {
    if (sequence !== null && frag.cc !== sequence) stats.discontinuities++;
    sequence = frag.cc;
    recoveries = 0;
  });
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (stats.errors.length < 50) stats.errors.push(`${error.fatal ? 'fatal ' : ''}${error.details}`);
    if (!error.fatal) return;
    if (error.details === 'manifestIncompatibleCodecsError') made.unsupported = 'the codecs of this stream';
    else if (error.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries++ < 2) hls.recoverMediaError();
    else {
      made.refused = [401, 403, 429].includes(error.response?.code);
      made.networkError = error.type === Hls.ErrorTypes.NETWORK_ERROR && ![401, 403, 404, 410, 429].includes(error.response?.code);
      made.failed = true;   // the next look at the stream makes a new one
    }
  });
  hls.attachMedia(video);
  hls.loadSource(master);
  return made;
}

function playNatively() {
  const made = {
    engine: 'native',
    latency: () => {
      const start = video.getStartDate?.();
      return start && !isNaN(start) ? (Date.now() - start.getTime()) / 1000 - video.currentTime : null;
    },
    stop() { video.removeAttribute('src'); video.load(); },
  };
  video.src = master;
  video.addEventListener('error', () => { made.failed = true; }, { once: true });
  video.addEventListener('ended', () => { made.ended = true; }, { once: true });
  play(made);
  return made;
}

// A player that starts with the first segment of a stream, or goes on with the first one after a break, would live from hand to mouth from then on.
// So it gathers a little first.
function gather() {
  if (!player?.gathering || player.failed) return;
  const ahead = [...Array(video.buffered.length).keys()]
    .map(index => video.buffered.end(index) - Math.max(video.currentTime, video.buffered.start(index))).reduce((sum, part) => sum + Math.max(0, part), 0);
  if (ahead > 0 && ahead >= player.wanted) {
    player.gathering = false;
    play(player);
  }
}

async function play(made) {
  try {
    await video.play();
    made.blocked = false;
    made.played = true;
  } catch (error) {
    made.blocked = error.name === 'NotAllowedError';
  }
  explain();
}

// --- Whether it moves ------------------------------------------------------------------------------------------------------------------------------

function isMoving() {
  if (video.currentTime !== lastTime) [lastTime, lastProgress] = [video.currentTime, Date.now()];
  return player && !video.paused && video.readyState > 2 && Date.now() - lastProgress < 1500;
}

// A picture that stands although the stream is live: first to the live edge, then a new player.
function unstick() {
  const stands = Date.now() - Math.max(lastProgress, liveSince);
  if (!player || video.paused && !player.failed && !player.gathering || stands < 8000) return;
  const edge = player.hls?.liveSyncPosition;
  if (stands < 16000 && edge && Math.abs(edge - video.currentTime) > 1) video.currentTime = edge;
  else if (stands >= 16000) restart();
}

async function look() {
  const before = stream?.state;
  try {
    stream = await getJson(`/api/v1/streams/${encodeURIComponent(name)}${opens ? `?${opens}` : ''}`);
  } catch {
    stream = null;
  }
  if (stream?.state === 'Live') {
    if (before !== 'Live') liveSince = Date.now();
    if (!player) await start();
    else if (player.failed || player.ended || player.missing) restart();
    else unstick();
  } else if (stream?.state === 'OffAir' && player && !isMoving()) {
    stop();
  } else if (stream?.state === 'Held' && player?.failed) {
    restart();
  }
  explain();
  facts();
  setTimeout(look, document.hidden ? 10000 : 2000);
}

// --- The rest of the page --------------------------------------------------------------------------------------------------------------------------

function facts() {
  const badge = $('badge');
  badge.textContent = stream ? stateText[stream.state] : 'no answer';
  badge.className = `badge ${stream ? stateClass[stream.state] : ''}`;
  const source = stream?.sources.find(one => one.onAir);
  const latency = player?.latency();
  const lines = {
    Video: describeTracks(source?.tracks.filter(track => !track.sampleRate) ?? []),
    Audio: describeTracks(source?.tracks.filter(track => track.sampleRate) ?? []),
    Bitrate: source?.bitrate ? `${(source.bitrate / 1e6).toFixed(2)} Mb/s` : '',
    'Key frames': source?.keyFrameInterval ? `every ${source.keyFrameInterval.toFixed(1)} s` : '',
    Latency: latency ? `${latency.toFixed(1)} s` : '',
    Playing: isMoving() ? `${video.videoWidth ? `${video.videoWidth}×${video.videoHeight}, ` : ''}${stats.stalls} stalls` : '',
  };
  $('facts').replaceChildren(...Object.entries(lines).filter(([, text]) => text)
    .map(([label, text]) => element('div', {}, element('dt', {}, label), element('dd', {}, text))));
}

video.addEventListener('waiting', () => {
  if (lastTime === 0 || video.seeking) return;
  stats.stalls++;
  if (player?.hls && !player.ended) {
    player.gathering = true;
    video.pause();
  }
});
video.addEventListener('playing', () => { lastProgress = Date.now(); setTimeout(explain, 300); });
video.addEventListener('volumechange', () => { $('sound').hidden = !video.muted; });
video.addEventListener('loadedmetadata', () => { $('sound').hidden = !video.muted; });
$('sound').addEventListener('click', () => { video.muted = false; });
$('play').addEventListener('click', () => { if (player) play(player); });

document.title = `${name} · Tributary`;
$('title').textContent = name;
$('publish').append(...publishFields(name));
$('elsewhere').append(
  copyField('HLS', new URL(shown, location.href).href),
  copyField('HLS, TS form', new URL(`/live/${encodeURIComponent(name)}/ts/master.m3u8`, location.href).href));
setInterval(() => { gather(); explain(); }, 250);
look();
