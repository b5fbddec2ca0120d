// The page as a whole: the text leads, all else follows it.

import { fill, prepare } from './composer.js';
import { $, h } from './dom.js';
import { stop } from './download.js';
import { render as renderMeaning, renderEdges } from './meaning.js';
import { change, pasted, shell, variables, wire } from './query.js';
import { render as renderResult } from './result.js';
import { FILES, explain, page, server, signIn, signOut, signedIn } from './service.js';

const PAUSE = 120;
const MINUTE = 60_000;

let text = '';
let meaning = null;
let explaining = null;
let asking = null;
let isDraft = true;

const address = (query) => (query ? `/?${wire(query)}` : '/');

/** Keeps the query in the address bar: what is edited as one step, what is asked as another. */
function remember(isAsked) {
  const isNew = location.pathname + location.search !== address(text);
  if (isNew) history[isDraft ? 'replaceState' : 'pushState'](null, '', address(text));
  if (isAsked) isDraft = false;
  else if (isNew) isDraft = true;
}

function showLines() {
  document.title = `${text.slice(0, 80)}${text && ' – '}Recordings explorer`;
  const root = server();
  const query = wire(text);
  const url = `${root}${FILES}${$('format').value}${query ? `?${query}` : ''}`;
  const tenant = shell(signedIn()?.tenant ?? 'TENANT');
  const plain = root.startsWith('http:') ? ' --plain-http' : '';
  $('line-url').textContent = url;
  $('line-curl').textContent = `curl -u ${tenant} ${shell(url)}`;
  $('line-vcc').textContent = `vcc list ${shell(query) || "''"} --url ${root} --tenant ${tenant}${plain}`;
}

function showProblem(error) {
  const [from, until] = error?.span ?? [0, 0];
  const wrong = text.slice(from, Math.max(until, from + 1)) || ' ';
  $('mirror').replaceChildren(...(error?.span
    ? [text.slice(0, from), h('mark', {}, wrong), text.slice(Math.max(until, from + 1))] : [text]), '\n');
  $('problem').hidden = !error;
  const said = error ? error.rendered ?? [error.message, error.hint].filter(Boolean).join('\n') : '';
  // What stands beside the bar keeps its columns; words need not.
  const lines = said.trimEnd().split('\n').map((line) => h('span', { class: /^ *\|/.test(line) ? null : 'wraps' }, line, '\n'));
  $('problem').replaceChildren(...(error ? lines : []));
  $('text').setAttribute('aria-invalid', Boolean(error));
}

function showMeaning(records) {
  const isKnown = Boolean(signedIn()?.zone || variables(meaning.text).get('tz'));
  $('meaning').replaceChildren(...renderMeaning(meaning, isKnown, records));
}

/** Asks the server what the text means, and shows it. */
async function understand() {
  explaining?.abort();
  const own = new AbortController();
  explaining = own;
  const asked = text;
  let said;
  try {
    said = await explain(asked, own.signal);
  } catch (error) {
    if (error.name === 'AbortError') return null;
    said = { error: { message: error.message } };
  }
  if (own.signal.aborted) return null;
  meaning = said.error ? null : { ...said, text: asked };
  showProblem(said.error);
  if (meaning) showMeaning();
  else $('meaning').replaceChildren(h('p', { class: 'hint' }, 'A query that cannot be read means nothing yet.'));
  return meaning;
}

let timer = 0;

function changed(isTyped) {
  showProblem(null);
  showLines();
  $('edges').replaceChildren();
  if (isTyped) remember(false);
  clearTimeout(timer);
  timer = setTimeout(understand, PAUSE);
}

/** Takes a text from the fields. */
function setText(value) {
  text = value;
  $('text').value = value;
  changed(true);
}

/** Takes a text from elsewhere, and fills the fields by it. */
function take(value) {
  text = value;
  $('text').value = value;
  fill(value);
}

function forget() {
  stop();
  asking?.abort();
  $('answer').replaceChildren();
  $('edges').replaceChildren();
  $('status').textContent = '';
}

/** The recordings on either side of an instant, in a stretch that holds some and not too many. */
async function around(name, at, of, signal) {
  const length = of.until.at - of.from.at;
  // No further than the server has told the offsets of.
  const most = length / 2 + MINUTE;
  let width = Math.min(Math.max(length / 48, 5000), 60 * MINUTE);
  for (let attempt = 1; ; attempt += 1) {
    const instants = [at - width, at + width].map((edge) => new Date(edge).toISOString());
    const { records, next } = await page(wire(change(text, 'd', instants.join(','))), signal);
    const starts = records.map((record) => Date.parse(record.startDate));
    const isBoth = starts.some((start) => start < at) && starts.some((start) => start >= at);
    if (attempt === 3 || (isBoth && !next)) return { name, at, width, records, isCut: Boolean(next) };
    width = next ? Math.max(width / 8, 1000) : Math.min(width * 6, most);
  }
}

async function showEdges(signal) {
  const of = meaning?.window;
  const [earliest, latest] = [Date.UTC(1000, 0, 1), Date.UTC(9999, 0, 1)];
  if (!of || of.seconds === 0 || meaning.near || of.from.at < earliest || of.until.at > latest) return;
  const asked = meaning;
  const edges = [
    await around('Where it begins', of.from.at, of, signal),
    await around('Where it ends', of.until.at, of, signal),
  ];
  if (!signal.aborted && meaning === asked) $('edges').replaceChildren(...renderEdges(asked, edges));
}

/** Asks for the recordings of the text, and says whether they came. */
async function run() {
  clearTimeout(timer);
  remember(true);
  forget();
  showLines();
  const own = new AbortController();
  asking = own;
  const means = await understand();
  if (own.signal.aborted) return false;
  if (!means) {
    if (!$('problem').hidden) $('text').focus();
    return false;
  }
  if (!signedIn()) {
    $('status').textContent = 'Sign in to see recordings.';
    document.querySelector('#sign-in [name=tenant]').focus();
    return false;
  }
  $('status').textContent = 'Asking …';
  try {
    const answer = await page(wire(means.query), own.signal);
    $('status').textContent = renderResult({
      page: answer,
      first: means.first,
      query: wire(change(means.query, 'n', null)),
      filter: (name, value) => goTo(change(text, name, value)),
      go: (next) => goTo(next ?? change(text, 'n', null)),
    });
    if (meaning === means) showMeaning(answer.records);
    showEdges(own.signal).catch(() => {});
    return true;
  } catch (error) {
    if (error.name === 'AbortError') return false;
    $('status').textContent = `The server said: ${error.message}`;
    if ([401, 403].includes(error.status)) leave();
    return false;
  }
}

/** The same, and goes to what came, unless something is to be mended first. */
async function runHere() {
  if (await run()) $('result-title').focus();
}

async function goTo(value) {
  take(value);
  await runHere();
}

function showSession() {
  const session = signedIn();
  $('sign-in').hidden = Boolean(session);
  $('signed-in').hidden = !session;
  const at = server() === location.origin ? '' : ` at ${server()}`;
  const zone = session?.zone ? `whose zone is ${session.zone}` : 'whose zone that server does not tell';
  $('who').textContent = session ? `Signed in as ${session.tenant}${at}, ${zone}.` : '';
  $('tz').placeholder = session?.zone ?? 'that of the tenant';
  showLines();
}

function leave() {
  signOut();
  showSession();
  understand();
}

async function enter(event) {
  event.preventDefault();
  const { tenant, token, server: of } = event.target.elements;
  $('sign-in-problem').textContent = '';
  try {
    await signIn(tenant.value, token.value, of?.value ?? '');
  } catch (error) {
    $('sign-in-problem').textContent = error.message;
    token.select();
    return;
  }
  token.value = '';
  showSession();
  $('who').focus();
  await run();
}

async function copy({ currentTarget: button }) {
  const line = $(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(line.textContent);
    button.firstChild.data = 'Copied';
    setTimeout(() => { button.firstChild.data = 'Copy'; }, 2000);
  } catch {
    getSelection().selectAllChildren(line);
  }
}

function fromAddress() {
  take(location.search.slice(1));
  isDraft = false;
}

prepare(() => text, setText);
fromAddress();
isDraft = true;
showSession();
understand();

$('text').addEventListener('input', () => {
  take(pasted($('text').value));
  changed(true);
});
$('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.isComposing) return;
  event.preventDefault();
  runHere();
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  runHere();
});
$('run').addEventListener('click', runHere);
$('format').addEventListener('input', showLines);
$('sign-in').addEventListener('submit', enter);
$('sign-out').addEventListener('click', () => {
  forget();
  leave();
  document.querySelector('#sign-in [name=tenant]').focus();
});
for (const button of document.querySelectorAll('[data-copy]')) button.addEventListener('click', copy);
addEventListener('popstate', () => {
  fromAddress();
  if (signedIn()) run();
  else changed(false);
});
