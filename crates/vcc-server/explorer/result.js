// A page of recordings as a table.

import { $, counted, h, number, scrolls } from './dom.js';
import { controls } from './download.js';
import { FIELDS, encode, kind } from './query.js';

const COLUMNS = ['startDate', 'kind', ...FIELDS];
const chosen = new Set(['startDate', 'kind', 'agentID', 'phoneNumber', 'duration', 'queueName', 'transactionID']);

/** How much of a value is shown, and how long a value can be to be asked for. */
const SHOWN = 120;
const ASKED = 6000;

const shown = (value) => value.length <= SHOWN ? value
  : `${value.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '')}…`;

const clock = (start) => start.replace(/^(\S+)T(\S+?)(Z|[+-]\S+)$/, '$1 $2 $3');

function cell(record, column, filter) {
  const value = column === 'kind' ? record.channel ?? '' : record[column] ?? '';
  const isBlank = value.trim() === '';
  const text = column === 'kind' ? shown(kind(value)) : column === 'startDate' ? clock(value) : shown(isBlank ? value.replace(/\s/g, '␣') : value);
  if (text === '') return h('td');
  const more = column !== 'kind' && value.length > SHOWN
    ? h('span', { class: 'hint' }, ` ${number(value.length)} characters`) : null;
  // Text that runs from right to left stays in its cell.
  const isolated = h('bdi', {}, text);
  const name = { kind: 'channel', startDate: 'start-date' }[column] ?? column;
  if (value === '' || value.length > ASKED || encode(value).length > ASKED) return h('td', {}, isolated, more);
  const button = h('button', {
    type: 'button',
    class: 'value',
    'aria-label': isBlank ? `${column}: only white space` : null,
    click: () => filter(name, value),
  }, isolated);
  return h('td', {}, button, more);
}

function chooser(redraw) {
  const box = (column) => h('label', { class: 'inline' }, h('input', {
    type: 'checkbox',
    checked: chosen.has(column),
    input: ({ target }) => {
      if (target.checked) chosen.add(column);
      else chosen.delete(column);
      redraw();
    },
  }), ` ${column}`);
  return h('details', { id: 'columns' }, h('summary', {}, 'Columns'), h('div', { class: 'row' }, ...COLUMNS.map(box)));
}

/** Shows a page that begins with record number `first` of the list of `query`. */
export function render({ page, first, query, filter, go }) {
  const last = first + page.records.length - 1;
  const range = page.records.length === 0 ? (first > 1 ? `No record from number ${number(first)} on.` : 'No recording matches.')
    : page.next ? `Records ${number(first)} to ${number(last)}, of more.`
      : `Records ${number(first)} to ${number(last)}; the list ends here.`;
  const place = h('div');
  const draw = () => {
    const columns = COLUMNS.filter((column) => chosen.has(column));
    place.replaceChildren(scrolls('Recordings', h('table', { class: 'recordings' },
      h('caption', { class: 'unseen' }, 'Recordings; a value is a button that filters by it'),
      h('thead', {}, h('tr', {}, ...columns.map((column) => h('th', { scope: 'col' }, column)))),
      h('tbody', {}, ...page.records.map((record) =>
        h('tr', {}, ...columns.map((column) => cell(record, column, filter))))))));
  };
  draw();
  const button = (id, text, disabled, to) =>
    h('button', { type: 'button', id, disabled, click: () => go(to) }, text);
  $('answer').replaceChildren(
    h('div', { class: 'row' },
      button('first', 'First page', first === 1, null),
      button('next', 'Next page', !page.next, page.next)),
    ...(page.records.length === 0 ? [] : [chooser(draw), place, controls(page, query)]));
  return page.records.length === 0 ? range : `${range} ${counted(page.records.length, 'recording')} on this page.`;
}
