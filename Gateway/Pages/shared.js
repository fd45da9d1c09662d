// What both pages need: the API, copy buttons, and what to type into an encoder.

export async function getJson(path) {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A line with a label, a value and a button that copies it.
export function copyField(label, value) {
  const button = element('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${label}` }, 'Copy');
  button.addEventListener('click', async () => {
    button.textContent = (await copy(value)) ? 'Copied' : 'Select it';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return element('div', { class: 'field' }, element('span', {}, label), element('output', {}, value), button);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS there is no clipboard API; the old way still works.
    const area = element('textarea', { readonly: '', class: 'quiet' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function publishFields(name) {
  const { publishUrl, rtmpPort } = document.body.dataset;
  const host = location.hostname.includes(':') ? `[${location.hostname.replace(/[[\]]/g, '')}]` : location.hostname;
  const server = publishUrl || `rtmp://${host}${rtmpPort === '1935' ? '' : `:${rtmpPort}`}/live`;
  return [
    copyField('OBS server', server),
    copyField('OBS stream key', name),
    copyField('ffmpeg', `ffmpeg -re -i FILE -c:v libx264 -preset veryfast -g 60 -c:a aac -f flv ${server}/${name}`),
    element('p', { class: 'quiet' }, 'A key frame every 2 seconds starts fastest. From other machines add ?key=SECRET to the stream key, as the server is set up.'),
  ];
}

export function describeTracks(tracks) {
  return tracks.map(track => {
    const size = track.width ? ` ${track.width}×${track.height}` : '';
    const rate = track.frameRate ? ` ${+track.frameRate.toFixed(2)} fps` : '';
    const sound = track.sampleRate ? ` ${track.sampleRate / 1000} kHz${track.channels === 1 ? ' mono' : track.channels === 2 ? ' stereo' : ''}` : '';
    return track.codec + size + rate + sound;
  }).join(', ');
}

export function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

export const stateText = { Live: 'live', Held: 'waiting for its encoder', OffAir: 'off air' };
export const stateClass = { Live: 'live', Held: 'held', OffAir: '' };
