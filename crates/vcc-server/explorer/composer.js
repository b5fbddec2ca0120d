// The fields that a query is composed from.

import { $, h } from './dom.js';
import { FIELDS, change, variables, when } from './query.js';

const PLAIN = ['tz', 'start-date', 'finish-date', 'n'];

/** What `d` is to be by the fields; `null` for none. */
function days() {
  const value = (id) => $(id).value.trim();
  switch ($('when').value) {
    case 'today': return 'today';
    case 'yesterday': return 'today-1d';
    case 'back': return `today-${value('back') || 1}d,today`;
    case 'one': return value('one') || null;
    case 'range': return value('from') || value('until') ? `${value('from')},${value('until')}` : null;
    default: return null;
  }
}

function showDays() {
  const chosen = $('when').value;
  for (const part of document.querySelectorAll('[data-when]')) part.hidden = part.dataset.when !== chosen;
  $('forms').hidden = !['one', 'range'].includes(chosen);
}

function showKind(channel = '') {
  const known = [...$('kind').options].some((option) => option.value === channel && !option.hidden);
  $('kind').value = known ? channel : 'other';
}

/** Fills the fields by a text. */
export function fill(text) {
  const found = variables(text);
  const { kind, ...parts } = when(found.get('d'));
  $('when').value = kind;
  for (const [id, value] of Object.entries(parts)) $(id).value = value;
  showDays();
  for (const name of PLAIN) $(name).value = found.get(name) ?? '';
  for (const name of FIELDS) {
    const [input, empty] = [$(`f-${name}`), $(`e-${name}`)];
    input.value = found.get(name) ?? '';
    empty.checked = found.get(name) === '';
    input.disabled = empty.checked;
  }
  showKind(found.get('channel'));
}

/** Makes the fields; what is changed in them changes the text. */
export function prepare(text, setText) {
  const set = (name, value) => setText(change(text(), name, value));
  // Hundreds of names, which the first paint need not wait for.
  $('tz').addEventListener('focus', () => {
    $('zones').append(...(Intl.supportedValuesOf?.('timeZone') ?? []).map((zone) => h('option', { value: zone })));
  }, { once: true });
  for (const id of ['when', 'back', 'one', 'from', 'until']) {
    $(id).addEventListener('input', () => {
      showDays();
      set('d', days());
    });
  }
  for (const name of PLAIN) $(name).addEventListener('input', () => set(name, $(name).value.trim() || null));
  $('kind').addEventListener('input', () => {
    const channel = $('kind').value;
    $('f-channel').value = channel;
    $('e-channel').checked = $('f-channel').disabled = false;
    set('channel', channel || null);
  });
  for (const name of FIELDS) {
    const input = h('input', { id: `f-${name}`, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
    const empty = h('input', { id: `e-${name}`, type: 'checkbox', 'aria-label': `${name} is empty` });
    const changed = () => {
      input.disabled = empty.checked;
      if (empty.checked) input.value = '';
      set(name, empty.checked ? '' : input.value || null);
      if (name === 'channel') showKind(input.value);
    };
    input.addEventListener('input', changed);
    empty.addEventListener('input', changed);
    $('fields').append(h('div', { class: 'field' }, h('label', { for: input.id }, name), input,
      h('label', { class: 'inline' }, empty, ' empty')));
  }
  $('clear').addEventListener('click', () => {
    setText('');
    fill('');
  });
}
