/**
 * Elements from values. A text only ever becomes a text node or an attribute's value: nothing here, and nothing else on
 * the page, reads markup.
 */

export type Child = Node | string | undefined | readonly Child[];

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export function h(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      setAttribute(element, name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: HTMLElement, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined) continue;
    if (typeof child === 'object' && 'length' in child) append(element, child);
    else element.append(child);
  }
}

/** How full something is goes to the style sheet as a variable: the policy of the page allows no style in markup. */
function setAttribute(element: Element, name: string, value: string): void {
  element.setAttribute(name, value);
  if (name === 'data-fill' && element instanceof HTMLElement)
    element.style.setProperty('--fill', `${value}%`);
}

/**
 * Makes `old` what `fresh` is, and touches only what differs: focus, scrolling and what a screen reader reads stay where
 * they are. Children with a `data-key` are matched by it, others by their place.
 */
export function morph(old: Element, fresh: Element): void {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== 'style' && name !== 'tabindex') old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    // Which cell of a map can be reached by Tab is the reader's doing.
    if (name !== 'style' && name !== 'tabindex' && old.getAttribute(name) !== value)
      setAttribute(old, name, value);
  }
  const keyed = new Map<string, Element>();
  for (const child of old.children) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = child instanceof Element ? keyOf(child) : undefined;
    const match = key === undefined ? at : keyed.get(key);
    if (match == null || !isAlike(match, child)) old.insertBefore(child, at);
    else {
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      if (match instanceof Element && child instanceof Element) morph(match, child);
      else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
    }
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function isAlike(one: Node, other: Node): boolean {
  if (one.nodeName !== other.nodeName) return false;
  return !(one instanceof Element && other instanceof Element) || keyOf(one) === keyOf(other);
}

function keyOf(element: Element): string | undefined {
  return element.getAttribute('data-key') ?? undefined;
}
