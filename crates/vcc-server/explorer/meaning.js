// What a query means: a sentence, a drawing, a table.

import { counted, h, scrolls, table } from './dom.js';
import { localText, timeline, utcText } from './drawing.js';

const SECOND = 1000;

/** The server's lines as one sentence, what it says of the list, and its notes. */
function sentences(words) {
  const [head, ...lines] = words;
  const starting = (mark) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
  const conditions = starting('- ');
  const notes = starting('note: ');
  const list = lines.filter((line) => !/^(- |note: )/.test(line));
  const capital = (text) => text[0].toUpperCase() + text.slice(1);
  return [
    h('p', { id: 'sentence' }, capital(`${[head, conditions.join(', and ')].filter(Boolean).join(' ')}.`)),
    h('p', { class: 'hint' }, ...list.map((line) => `${capital(line)}.`)),
    ...notes.map((note) => h('p', { class: 'note' }, capital(note))),
  ];
}

/** How long the days are, where they are not of 24 hours. */
function unusual({ days, seconds, length }) {
  if (seconds === 0) return 'It is empty: there is no such time in this zone, or both ends are one instant.';
  if (days == null || days < 1 || days * 86_400 === seconds) return null;
  if (days === 1) return `This day has ${length}.`;
  const hours = Math.abs(seconds - days * 86_400) / 3600;
  return `These ${days} days have ${counted(hours, 'hour')} ${seconds > days * 86_400 ? 'more' : 'less'} than ${days} times 24.`;
}

const zoneTitle = ({ zone }) => `On the clocks of ${zone}`;

/** Recordings by when they started, or finished, as far as that is known. */
const instants = (records, edge = 'start') => records
  .map(({ startDate, duration }) => Date.parse(startDate) + (edge === 'start' ? 0 : duration === '' ? NaN : duration * SECOND))
  .filter((at) => !Number.isNaN(at));

function windowPart(meaning, records) {
  const { window: of } = meaning;
  const [from, until] = [of.from.at, of.until.at];
  const around = Math.max((until - from) * 0.14, 30 * SECOND);
  const row = (name, at, isIn, exact) =>
    [name, exact?.local ?? localText(at, of.offsets), exact?.utc ?? utcText(at), isIn ? 'yes' : 'no'];
  const rows = [row('A second before', from - SECOND, false), row('From', from, of.seconds > 0, of.from)];
  if (of.seconds > 1) rows.push(row('Its last second', until - SECOND, true));
  rows.push(row('Until before', until, false, of.until));
  const special = unusual(of);
  return [
    h('h3', {}, 'The window'),
    special && h('p', { class: 'special' }, special),
    timeline({
      view: [from - around, until + around],
      band: [from, until],
      offsets: of.offsets,
      zone: meaning.zone,
      now: meaning.now.at,
      records: instants(records).map((at) => ({ at, isIn: true })),
      label: `Time line: from ${of.from.local} until before ${of.until.local}, ${of.length}.${special ? ` ${special}` : ''}`,
    }),
    scrolls('The window as a table',
      table(`The window is ${of.length} long`, ['Instant', zoneTitle(meaning), 'In UTC', 'In it?'], rows)),
    ...of.changes.map((change) => h('p', { class: 'note' }, `${change[0].toUpperCase()}${change.slice(1)}.`)),
    of.moreChanges && h('p', { class: 'note' }, 'The clock changes more often than is listed here.'),
  ];
}

function nearPart(meaning, records) {
  const { near } = meaning;
  const what = near.edge === 'start' ? 'started' : 'finished';
  const row = (name, at, isIn, exact) =>
    [name, exact?.local ?? localText(at, near.offsets), exact?.utc ?? utcText(at), isIn ? 'yes' : 'no'];
  const { at, from, until, tolerance } = near;
  return [
    h('h3', {}, `± ${tolerance} s: when it ${what}`),
    timeline({
      view: [from.at - 3 * SECOND, until.at + 3 * SECOND],
      band: [from.at, until.at],
      isClosed: true,
      centre: at.at,
      offsets: near.offsets,
      zone: meaning.zone,
      records: instants(records, near.edge).map((one) => ({ at: one, isIn: true })),
      label: `Time line: ${what} from ${from.local} to ${until.local}, both included.`,
    }),
    scrolls('The look-up as a table', table(`It ${what} within ${tolerance} s of ${at.local}`,
      ['Instant', zoneTitle(meaning), 'In UTC', 'Matches?'], [
        row(`${tolerance + 1} s before`, from.at - SECOND, false),
        row(`${tolerance} s before`, from.at, true, from),
        row('The time itself', at.at, true, at),
        row(`${tolerance} s after`, until.at, true, until),
        row(`${tolerance + 1} s after`, until.at + SECOND, false),
      ])),
  ];
}

/** All that can be said without asking for recordings, and those of a page, if there are some. */
export function render(meaning, isKnown, records = []) {
  const parts = [
    ...sentences(meaning.words),
    !isKnown && h('p', { class: 'note' }, 'The zone of the tenant is not known here, so it is taken to be UTC.'),
    ...(meaning.window ? windowPart(meaning, records) : []),
    ...(meaning.near ? nearPart(meaning, records) : []),
    h('p', { class: 'hint' }, `Rules of zones: ${meaning.zoneData ?? 'of unknown release'}. Now: ${meaning.now.local}.`),
  ];
  return parts.filter(Boolean);
}

/** The recordings around one edge of a window. */
function edgePart(meaning, { name, at, width, records, isCut }) {
  const { window: of } = meaning;
  const found = records.map((record) => {
    const time = Date.parse(record.startDate);
    return { at: time, isIn: time >= of.from.at && time < of.until.at, record };
  }).sort((one, other) => one.at - other.at);
  const [before, after] = [found.filter((one) => one.at < at).at(-1), found.find((one) => one.at >= at)];
  const row = (title, one) => one
    ? [title, localText(one.at, of.offsets), one.record.transactionID, one.isIn ? 'yes' : 'no']
    : [title, 'none nearby', '', ''];
  return h('div', {},
    h('h4', {}, name),
    timeline({
      view: [at - width, at + width],
      band: [of.from.at, of.until.at],
      offsets: of.offsets,
      zone: meaning.zone,
      records: found,
      label: `${name}: ${counted(found.filter((one) => one.isIn).length, 'recording')} inside, ${counted(found.filter((one) => !one.isIn).length, 'recording')} outside of the window.`,
    }),
    scrolls(`${name} as a table`, table(isCut ? 'The first 50 recordings here' : 'The recordings next to it',
      ['Recording', zoneTitle(meaning), 'transactionID', 'In it?'],
      [row('Last before', before), row('First from it on', after)])));
}

/** The recordings at both edges of a window, and just outside of it. */
export const renderEdges = (meaning, edges) => [
  h('h3', {}, 'Recordings at its edges'),
  h('p', { class: 'hint' }, 'A filled dot is in the window, a hollow one is not.'),
  ...edges.map((edge) => edgePart(meaning, edge)),
];
