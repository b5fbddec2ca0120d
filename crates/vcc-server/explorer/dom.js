// Elements, made without any text being read as markup.

const SVG = 'http://www.w3.org/2000/svg';

export const $ = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** An element: its attributes, with functions for events, and what is in it. */
export const h = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

/** The same in a drawing. */
export const s = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** A table with a header row; a cell is a text or an element. */
export const table = (caption, head, rows) =>
  h('table', {},
    h('caption', {}, caption),
    h('thead', {}, h('tr', {}, ...head.map((cell) => h('th', { scope: 'col' }, cell)))),
    h('tbody', {}, ...rows.map(([first, ...cells]) =>
      h('tr', {}, h('th', { scope: 'row' }, first), ...cells.map((cell) => h('td', {}, cell))))));

/** A part of the page that scrolls by itself, so that the page does not. */
export const scrolls = (label, ...children) =>
  h('div', { class: 'scrolls', role: 'region', tabindex: 0, 'aria-label': label }, ...children);

export const number = (value) => value.toLocaleString('en');

export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
