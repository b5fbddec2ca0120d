// Time lines. Local times come from the offsets that the server gave, not from the browser's zones.

import { h, s } from './dom.js';

const HEIGHT = 124;
const BAND = [46, 32];
const STEPS = [1, 2, 5, 10, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800];
const MONTHS = [1, 3, 12, 60, 120, 600, 1200, 12000];
const MONTH = 2_629_800;
const UTC = [[-Infinity, 0]];

let count = 0;

/** What a clock reads at an instant, as a date of which the parts in UTC are to be read. */
function local(at, offsets) {
  let shift = offsets[0][1];
  for (const [from, offset] of offsets) if (from * 1000 <= at) shift = offset;
  return [new Date(at + shift * 1000), shift];
}

/** An instant on the zone's clocks: `Sun 2007-11-04 00:00:00 -04:00`. */
export function localText(at, offsets) {
  const [date, shift] = local(at, offsets);
  const minutes = Math.floor(Math.abs(shift) / 60);
  const two = (value) => String(value).padStart(2, '0');
  const day = date.toUTCString().slice(0, 3);
  const text = date.toISOString().replace('T', ' ').replace(/(\.000)?Z$/, '');
  return `${day} ${text} ${shift < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** An instant in UTC. */
export const utcText = (at) => new Date(at).toISOString().replace('.000Z', 'Z');

function monthStart(month) {
  const date = new Date(0);
  date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
  return date.getTime();
}

function label(date, step) {
  const text = date.toISOString();
  if (step >= 12 * MONTH) return String(date.getUTCFullYear());
  if (step >= MONTH) return text.slice(0, 7);
  if (step >= 86400 || text.slice(11, 19) === '00:00:00') return text.slice(5, 10);
  return text.slice(11, step < 60 ? 19 : 16);
}

/** The round times of a clock between two instants, at most so many. */
function ticks([from, until], offsets, most) {
  const span = (until - from) / 1000;
  const step = STEPS.find((one) => span / one <= most);
  const months = MONTHS.find((one) => span / MONTH / one <= most) ?? MONTHS.at(-1);
  const found = [];
  offsets.forEach(([since, offset], index) => {
    const begin = index ? Math.max(from, since * 1000) : from;
    const end = Math.min(until, (offsets[index + 1]?.[0] ?? Infinity) * 1000 - 1);
    const shift = offset * 1000;
    const add = (wall) => found.push({ at: wall - shift, label: label(new Date(wall), step ?? months * MONTH) });
    if (step) {
      const unit = step * 1000;
      for (let wall = Math.ceil((begin + shift) / unit) * unit; wall - shift <= end; wall += unit) add(wall);
      return;
    }
    const first = new Date(begin + shift);
    let month = first.getUTCFullYear() * 12 + first.getUTCMonth();
    for (month = Math.ceil(month / months) * months; monthStart(month) - shift <= end; month += months) {
      if (monthStart(month) - shift >= begin) add(monthStart(month));
    }
  });
  return found;
}

function paint(of, width) {
  const [from, until] = of.view;
  const x = (at) => Math.round(((at - from) / (until - from)) * width * 10) / 10;
  const within = (at) => at >= from && at <= until;
  const [top, height] = BAND;
  const id = `hatch-${count += 1}`;
  const axis = (offsets, y, name) => s('g', { class: 'axis' },
    s('text', { x: 0, y: y < top ? 12 : HEIGHT - 4, class: 'zone' }, name),
    ...ticks(of.view, offsets, width / 62).map(({ at, label: text }) => {
      const place = x(at);
      const anchor = place < 22 ? 'start' : place > width - 22 ? 'end' : 'middle';
      const [near, far] = y < top ? [top, top - 8] : [top + height, top + height + 8];
      return s('g', {}, s('line', { x1: place, x2: place, y1: near, y2: far }),
        s('text', { x: place, y, 'text-anchor': anchor }, text));
    }));
  const edge = (at, isIn) => within(at) && s('g', { class: 'edge' },
    s('line', { x1: x(at), x2: x(at), y1: top - 4, y2: top + height + 4 }),
    s('circle', { cx: x(at), cy: top - 4, r: 4.5, class: isIn ? 'in' : 'out' }));
  // The time that a clock reads twice.
  const twice = of.offsets.slice(1).flatMap(([since, offset], index) => {
    const back = of.offsets[index][1] - offset;
    const at = since * 1000;
    if (back <= 0 || at + back * 1000 < from || at - back * 1000 > until) return [];
    const [left, right] = [x(at - back * 1000), x(at + back * 1000)];
    return right - left < 4 ? [] : [s('rect', { x: left, width: right - left, y: top, height, fill: `url(#${id})` })];
  });
  const jumps = of.offsets.slice(1).filter(([since]) => within(since * 1000)).map(([since]) =>
    s('line', { class: 'jump', x1: x(since * 1000), x2: x(since * 1000), y1: top - 8, y2: top + height + 8 }));
  const [left, right] = of.band.map((at) => x(Math.min(Math.max(at, from), until)));
  return s('svg', { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': of.label },
    s('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse' }, s('path', { d: 'M0 6L6 0', class: 'hatch' })),
    s('rect', { class: 'around', x: 0, y: top, width, height }),
    s('rect', { class: 'window', x: left, y: top, width: Math.max(right - left, 1), height }),
    ...twice, ...jumps,
    axis(of.offsets, 32, of.zone),
    axis(UTC, top + height + 22, 'UTC'),
    ...(of.now > from && of.now < until ? [s('line', { class: 'now', x1: x(of.now), x2: x(of.now), y1: top, y2: top + height }),
      s('text', { x: x(of.now) + 4, y: top + height - 4, class: 'now' }, 'now')] : []),
    ...(of.centre == null ? [] : [s('line', { class: 'centre', x1: x(of.centre), x2: x(of.centre), y1: top, y2: top + height })]),
    ...of.records.filter(({ at }) => within(at)).map(({ at, isIn }, index) => s('circle', {
      class: isIn ? 'record in' : 'record out', cx: x(at), cy: top + 8 + (index % 3) * 8, r: 3.5,
    })),
    ...[edge(of.band[0], true), edge(of.band[1], of.isClosed)].filter(Boolean));
}

/**
 * A time line of `view` with the stretch `band` in it: from its first instant on, and before its last
 * or, if it is closed, up to it. It has the width that there is.
 */
export function timeline(of) {
  const figure = h('div', { class: 'timeline' });
  let drawn = 0;
  const fit = () => {
    const width = Math.floor(figure.clientWidth);
    if (width < 1 || width === drawn) return;
    drawn = width;
    figure.replaceChildren(paint({ records: [], ...of }, width));
  };
  new ResizeObserver(fit).observe(figure);
  return figure;
}
