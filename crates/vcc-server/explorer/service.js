// What is asked of the server, or of another that the page may ask. The token is here, and nowhere else.

import { records } from './csv.js';
import { wellFormed } from './query.js';

export const FILES = '/api/recordings/files';

/** Proves a tenant to a server without this page, and finds nothing. */
const PROOF = `${FILES}?start-date=0001-01-01T00:00:00Z&transactionID=none`;

/** The server that is asked: of this page's own, nothing. */
let root = '';
let authorization = null;
let session = null;

export const signedIn = () => session;

export const server = () => root || location.origin;

/** What the server said, if that is not what was asked for. */
class Refused extends Error {
  constructor(status, text, after) {
    super(text.trim() || `The server answered with status ${status}.`);
    this.status = status;
    this.after = after;
  }
}

async function ask(path, signal, at = root) {
  let response;
  try {
    response = await fetch(at + path, {
      signal,
      credentials: 'omit',
      cache: 'no-store',
      headers: authorization && at === root ? { Authorization: authorization } : {},
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refused(0, at
      ? `${at} cannot be reached, or does not let pages of ${location.origin} ask.`
      : 'The server cannot be reached.');
  }
  if (!response.ok) {
    const after = Number(response.headers.get('Retry-After')) || 1;
    throw new Refused(response.status, await response.text(), after);
  }
  return response;
}

function base64(text) {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

async function identify(tenant) {
  try {
    return { ...await (await ask('/explorer/tenant')).json(), explains: true };
  } catch (error) {
    if (!root || ![0, 404].includes(error.status)) throw error;
    await ask(PROOF);
    return { tenant };
  }
}

/** Proves a tenant to a server; afterwards all that is asked is asked there, as that tenant. */
export async function signIn(tenant, token, at) {
  signOut();
  root = at;
  authorization = `Basic ${base64(`${tenant}:${token}`)}`;
  try {
    session = await identify(tenant);
  } catch (error) {
    signOut();
    throw error;
  }
  return session;
}

export function signOut() {
  root = '';
  authorization = null;
  session = null;
}

/** What a query means: to the server that is asked, if it can tell. */
export async function explain(text, signal) {
  const zone = encodeURIComponent(session?.zone ?? '');
  const q = encodeURIComponent(wellFormed(text));
  return (await ask(`/explorer/explain?zone=${zone}&q=${q}`, signal, session?.explains ? root : '')).json();
}

/** The page of a query, which must be one that can be sent; and the query of the next page. */
export async function page(query, signal) {
  const response = await ask(`${FILES}.csv?${query}`, signal);
  const bytes = await response.arrayBuffer().catch((error) => {
    throw error.name === 'AbortError' ? error : new Refused(0, 'The answer broke off.');
  });
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const link = /^<[^?>]*\?([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '');
  const found = records(text);
  return { bytes, records: found, next: link ? link[1] : null };
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    reject(new DOMException('stopped', 'AbortError'));
  }, { once: true });
});

/** All pages from that of a query on. A server that is busy is asked again. */
export async function* pages(query, signal) {
  for (let next = query; next != null;) {
    let answer;
    for (let attempt = 1; !answer; attempt += 1) {
      try {
        answer = await page(next, signal);
      } catch (error) {
        if (![0, 429, 503].includes(error.status) || attempt === 5) throw error;
        await pause(Math.min(error.after ?? attempt, 30), signal);
      }
    }
    yield answer;
    next = answer.next;
  }
}
