// CSV as RFC 4180 has it, which is how the API writes it.

/** All rows of a text, the header too: lists of values. */
export function rows(text) {
  const all = [];
  let row = [];
  let at = 0;
  while (at < text.length) {
    let value = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw new Error('The answer breaks off inside a value.');
        value += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        value += '"';
      }
    } else {
      const from = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '\r' && text[at] !== '\n') at += 1;
      value = text.slice(from, at);
    }
    row.push(value);
    if (text[at] === ',') {
      at += 1;
      if (at < text.length) continue;
      row.push('');
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    all.push(row);
    row = [];
  }
  return all;
}

/** The records of a document, as objects with the fields in their order. */
export function records(text) {
  const [head = [], ...rest] = rows(text);
  return rest.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])));
}
