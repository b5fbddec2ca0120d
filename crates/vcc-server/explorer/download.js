// Recordings as a file, whole as they came.

import { counted, h, number } from './dom.js';
import { pages, signedIn } from './service.js';

const KINDS = { csv: 'text/csv;charset=utf-8', jsonl: 'application/jsonl' };

let running = null;

const lineFeed = 10;

/** How many bytes are collected before they are saved: some browsers keep them in memory. */
const MOST = 2 ** 29;

/** What a page adds to the file: after the first, CSV has its header already. */
function part(format, page, isFirst) {
  if (format === 'jsonl') {
    return page.records.map((record) => `${JSON.stringify(record)}\n`).join('');
  }
  const bytes = new Uint8Array(page.bytes);
  return isFirst ? bytes : bytes.subarray(bytes.indexOf(lineFeed) + 1);
}

function save(parts, format) {
  const url = URL.createObjectURL(new Blob(parts, { type: KINDS[format] }));
  const tenant = (signedIn()?.tenant ?? '').replace(/[^\w.-]+/g, '_');
  h('a', { href: url, download: `recordings-${tenant}.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Ends what is on its way. */
export function stop() {
  running?.abort();
}

async function all(query, format, say) {
  stop();
  const own = new AbortController();
  running = own;
  const parts = [];
  let count = 0;
  let size = 0;
  say(0);
  try {
    for await (const page of pages(query, own.signal)) {
      // A Blob need not stay in memory.
      parts.push(new Blob([part(format, page, parts.length === 0)]));
      count += page.records.length;
      size += parts.at(-1).size;
      if (size > MOST) {
        own.abort();
        return `Nothing was saved: after ${counted(count, 'recording')} it is more than ${number(MOST / 2 ** 20)} MB, too much for a page. The command vcc export saves any number.`;
      }
      say(count);
    }
    save(parts, format);
    return `${counted(count, 'recording')} saved.`;
  } catch (error) {
    if (error.name === 'AbortError') return `Stopped after ${counted(count, 'recording')}; nothing was saved.`;
    return `Nothing was saved: after ${counted(count, 'recording')} the server said: ${error.message}`;
  } finally {
    if (running === own) running = null;
  }
}

/** The controls: for this page, and for all of the query from its first record on. */
export function controls(page, query) {
  const format = h('select', { id: 'file-format' }, h('option', { value: 'csv' }, 'CSV'),
    h('option', { value: 'jsonl' }, 'JSON lines'));
  const said = h('p', { id: 'download-status', role: 'status' });
  const bar = h('progress', { hidden: true, 'aria-label': 'Download' });
  const halt = h('button', { type: 'button', id: 'stop', hidden: true, click: stop }, 'Stop');
  const busy = (is) => {
    bar.hidden = halt.hidden = !is;
    whole.disabled = is;
  };
  const whole = h('button', {
    type: 'button',
    id: 'save-all',
    click: async () => {
      busy(true);
      halt.focus();
      said.textContent = await all(query, format.value, (count) => {
        said.textContent = `${counted(count, 'recording')} so far …`;
      });
      busy(false);
      if (document.activeElement === document.body) whole.focus();
    },
  }, 'Save all');
  const one = h('button', {
    type: 'button',
    id: 'save-page',
    click: () => {
      save([part(format.value, page, true)], format.value);
      said.textContent = `${counted(page.records.length, 'recording')} saved.`;
    },
  }, 'Save this page');
  return h('div', { class: 'row', id: 'download' }, h('label', { class: 'inline' }, 'As ', format), one, whole, halt, bar, said);
}
