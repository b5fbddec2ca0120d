// The text of a query and its variables. The text leads: fields change one variable of it and leave
// the rest as it was typed.

export const FIELDS = ['agentID', 'phoneNumber', 'channel', 'caseID', 'duration', 'filename',
  'queueID', 'queueName', 'accountNumber', 'transactionID', 'extVar1', 'extVar2', 'outDialCode',
  'wrapUpCode'];

const DATES = ['d', 'start-date', 'finish-date'];

const nameOf = (segment) => decode(segment.split('=', 1)[0]);

function decode(text, plus = ' ') {
  const spaced = text.replaceAll('+', plus);
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** The variables of a text by their names; of a name that is there twice, the first. */
export function variables(text) {
  const found = new Map();
  for (const segment of text.split('&')) {
    const equals = segment.indexOf('=');
    const name = nameOf(segment);
    if (equals < 0 || found.has(name)) continue;
    // In a date a plus is mostly the sign of an offset.
    found.set(name, decode(segment.slice(equals + 1), DATES.includes(name) ? '+' : ' '));
  }
  return found;
}

/** Without halves of characters, which cannot be encoded. */
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** A value as it stands in a query, with as little encoded as can be. */
export const encode = (value) => encodeURIComponent(wellFormed(value))
  .replace(/%(2C|3A|2F|7E)/g, (escape) => decodeURIComponent(escape));

/** The text with one variable changed, or without it. What was asked of another list begins anew. */
export function change(text, name, value) {
  const segments = text.split('&').filter((segment) => segment !== '');
  const at = segments.findIndex((segment) => nameOf(segment) === name);
  const kept = segments.filter((segment, index) =>
    index === at || (nameOf(segment) !== name && (nameOf(segment) !== 'n' || name === 'n')));
  const place = kept.indexOf(segments[at]);
  const changed = value == null ? [] : [`${name}=${encode(value)}`];
  if (place < 0) kept.push(...changed);
  else kept.splice(place, 1, ...changed);
  return kept.join('&');
}

/** The text as it can be sent: what no target may hold is encoded. */
export const wire = (text) => wellFormed(text)
  .replace(/[^\x21-\x7e]|["#<>\\^`{|}]/gu, (one) => encodeURIComponent(one));

/** The query of what was typed or pasted, which may be a whole URL, and of one line. */
export const pasted = (text) => text.replace(/[\r\n]+/g, '').replace(/^\s*(https?:\/\/[^?\s]*|\/[^?\s]*|)\?/i, '');

/** What `d` says, for the fields. */
export function when(d) {
  if (d == null) return { kind: 'any' };
  if (d === 'today') return { kind: 'today' };
  if (d === 'today-1d') return { kind: 'yesterday' };
  const back = /^today-0*([1-9]\d{0,4})d,today$/.exec(d);
  if (back) return { kind: 'back', back: back[1] };
  const comma = d.indexOf(',');
  if (comma < 0) return { kind: 'one', one: d };
  return { kind: 'range', from: d.slice(0, comma), until: d.slice(comma + 1) };
}

/** A word of a shell, quoted where it must be. */
export const shell = (word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The kind of a call, by its channel. */
export function kind(channel) {
  if (channel === '#virtual_outbound#') return 'outbound';
  if (channel === '#virtual_daa#') return 'direct agent access';
  // Kinds that are not known yet have a name between two signs.
  return /^#.+#$/s.test(channel) ? channel.slice(1, -1) : 'inbound';
}
