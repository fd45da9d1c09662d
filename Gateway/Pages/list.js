import { ago, describeTracks, element, getJson, publishFields, stateClass, stateText } from './shared.js';

const $ = id => document.getElementById(id);
const allowed = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

function card(stream) {
  return element('li', {}, element('a', { href: stream.page },
    element('strong', {}, stream.name),
    element('span', { class: `badge ${stateClass[stream.state]}` }, stateText[stream.state]), ' ',
    element('span', { class: 'quiet' }, `for ${ago(stream.since)}`),
    element('div', { class: 'quiet' }, describeTracks(stream.tracks) || ' ')));
}

async function refresh() {
  try {
    const streams = await getJson('/api/v1/streams');
    $('streams').replaceChildren(...streams.map(card));
    $('count').textContent = streams.length === 1 ? '1 stream' : `${streams.length} streams`;
    notice(streams.length ? '' : 'No stream is on air. Publish one with the lines below, and it appears here by itself.');
  } catch {
    notice('The server does not answer. This page goes on trying.');
  }
  setTimeout(refresh, document.hidden ? 10000 : 2000);
}

function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

function showName() {
  const name = $('name').value.trim();
  const valid = allowed.test(name);
  $('name').setCustomValidity(valid ? '' : 'Letters, digits, point, dash and underscore; the first is a letter or digit.');
  if (!valid) return $('name').reportValidity();
  $('open').href = `/live/${name}`;
  $('publish').replaceChildren(...publishFields(name));
}

$('name').addEventListener('input', showName);
$('choose').addEventListener('submit', event => {
  event.preventDefault();
  if (allowed.test($('name').value.trim())) location.href = $('open').href;
});
showName();
refresh();
