/** Creates elements from values. Text only becomes a text node or an attribute value, never markup, here and on the whole page. */

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

/** Usage reaches the style sheet as a variable, because the content security policy forbids inline styles. */
function setAttribute(element: Element, name: string, value: string): void {
  element.setAttribute(name, value);
  if (name === 'data-fill' && element instanceof HTMLElement)
    element.style.setProperty('--fill', `${value}%`);
}

/**
 * Updates `current` to match `next` and changes only what differs, to preserve focus, scroll position and the position of a
 * screen reader. Children are matched by `data-key` if they have one, otherwise by position.
 */
export function morph(current: Element, next: Element): void {
  for (const { name } of [...current.attributes]) {
    if (!next.hasAttribute(name) && name !== 'style' && name !== 'tabindex') current.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    // The focus decides which cell of a map is a tab stop (see `makeTabStop`).
    if (name !== 'style' && name !== 'tabindex' && current.getAttribute(name) !== value)
      setAttribute(current, name, value);
  }
  const keyed = new Map<string, Element>();
  for (const child of current.children) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  let position = current.firstChild;
  for (const child of [...next.childNodes]) {
    const key = child instanceof Element ? keyOf(child) : undefined;
    const match = key === undefined ? position : keyed.get(key);
    if (match == null || !matches(match, child)) current.insertBefore(child, position);
    else {
      if (match === position) position = position.nextSibling;
      else current.insertBefore(match, position);
      if (match instanceof Element && child instanceof Element) morph(match, child);
      else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
    }
  }
  while (position !== null) {
    const following = position.nextSibling;
    position.remove();
    position = following;
  }
}

function matches(one: Node, other: Node): boolean {
  if (one.nodeName !== other.nodeName) return false;
  return !(one instanceof Element && other instanceof Element) || keyOf(one) === keyOf(other);
}

function keyOf(element: Element): string | undefined {
  return element.getAttribute('data-key') ?? undefined;
}
