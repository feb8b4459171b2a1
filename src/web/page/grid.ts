import type { AddressCell, Block, PoolMap, Segment } from '../page-data.ts';
import { h } from './dom.ts';
import { linkTo } from './page-route.ts';
import { addressStates, count, percent } from './states.ts';

/** Draws address maps as grids. The label of each cell and block contains everything it shows, for screen readers. */

export interface GridContext {
  /** The pool that blocks link to. */
  readonly pool: string;
  readonly columns: number;
}

export function mapElement(map: PoolMap, context: GridContext, titles: boolean): HTMLElement {
  const { segments, more, outside } = map;
  return h(
    'div',
    { class: 'map' },
    segments.map((segment) => [
      titles
        ? h('h2', { class: 'mono' }, segment.range, h('small', {}, ` ${count(segment.size)} addresses`))
        : undefined,
      segmentElement(segment, context),
      'inUseRange' in segment && segment.inUseRange !== undefined && titles
        ? h(
            'p',
            {},
            h(
              'a',
              { href: linkTo('pool', context.pool, segment.inUseRange) },
              `Zoom to what is in use: ${segment.inUseRange}`,
            ),
          )
        : undefined,
    ]),
    more > 0
      ? h(
          'p',
          { class: 'quiet' },
          `${count(more)} more ranges are not shown. To find one, search for an address in it.`,
        )
      : undefined,
    outside.length > 0
      ? [
          h('p', { class: 'quiet' }, 'Outside the pool, assigned to its Services:'),
          grid(`outside ${context.pool}`, context.columns, outside, (cell) =>
            cellElement(cell, cell.address, 'whole'),
          ),
        ]
      : undefined,
  );
}

function segmentElement(segment: Segment, { pool, columns }: GridContext): HTMLElement {
  const name = `${segment.range} in ${pool}`;
  if ('cells' in segment) {
    return grid(name, columns, segment.cells, (cell) => cellElement(cell, shortAddress(cell.address)));
  }
  const names = shortNames(segment.blocks.map(({ range }) => range));
  return grid(name, columns, segment.blocks, (block, i) => blockElement(block, names[i] ?? '', pool));
}

function grid<T>(
  name: string,
  columns: number,
  items: readonly T[],
  draw: (item: T, i: number) => HTMLElement,
): HTMLElement {
  const rows: HTMLElement[] = [];
  for (let from = 0; from < items.length; from += columns) {
    const row = items
      .slice(from, from + columns)
      .map((item, i) => h('div', { role: 'gridcell' }, draw(item, from + i)));
    rows.push(h('div', { role: 'row' }, row));
  }
  return h(
    'div',
    { role: 'grid', 'aria-label': name, 'aria-readonly': 'true', 'data-columns': columns },
    rows,
  );
}

function cellElement(cell: AddressCell, text: string, shape = 'cell'): HTMLElement {
  const { sign, name } = addressStates[cell.state];
  const services = cell.services.join(', ') + (cell.more > 0 ? ` and ${cell.more} more` : '');
  const label = [cell.address, cellText(cell, name), services].filter((part) => part !== '').join(', ');
  return h(
    'a',
    {
      class: shape,
      href: linkTo('address', cell.address),
      tabindex: -1,
      'data-state': cell.state,
      'data-key': cell.address,
      'data-sign': sign,
      'aria-label': label,
    },
    text,
  );
}

/** The note of an excluded or reserved address says its state as well. */
function cellText({ state, note }: AddressCell, name: string): string {
  if (note === undefined) return name;
  return state === 'excluded' || state === 'reserved' || state === 'free' ? note : `${name}, ${note}`;
}

function blockElement(block: Block, text: string, pool: string): HTMLElement {
  const { range, used, free, states } = block;
  const total = used + Number(free);
  const usage = total === 0 ? 0 : (100 * used) / total;
  const parts = Object.entries(states).map(([state, n]) => `${n} ${nameOf(state)}`);
  const inUse =
    used === 0 ? 'nothing in use' : `${count(used)} in use (${parts.join(', ')}), ${percent(usage)}`;
  const state =
    total === 0 ? 'excluded' : states.conflict !== undefined ? 'conflict' : used === 0 ? 'free' : 'assigned';
  return h(
    'a',
    {
      class: 'block',
      href: linkTo('pool', pool, range),
      tabindex: -1,
      'data-state': state,
      'data-key': range,
      'data-fill': used === 0 ? 0 : Math.max(6, Math.round(usage)),
      'data-sign': used === 0 ? '' : `${states.conflict === undefined ? '' : '!'}${compact(used)}`,
      // Voice control users say the visible text, which may differ from the abbreviated IPv6 range.
      'aria-label': `${range}, ${inUse}, ${count(free)} free${range.includes(':') ? `, ${text}` : ''}`,
    },
    text,
  );
}

function nameOf(state: string): string {
  return Object.entries(addressStates).find(([key]) => key === state)?.[1].name ?? state;
}

/** `256`, `1.5k`: a block has room for four characters. */
function compact(value: number): string {
  if (value < 1000) return String(value);
  return value < 10_000 ? `${(value / 1000).toFixed(1)}k` : `${Math.round(value / 1000)}k`;
}

/** The part that identifies an address among its neighbors: `.201`, `:1f`; `1.0` at the start of a /24. */
function shortAddress(address: string): string {
  const last = Math.max(address.lastIndexOf('.'), address.lastIndexOf(':'));
  if (!address.endsWith('.0')) return address.slice(last);
  return address.slice(address.lastIndexOf('.', last - 1) + 1);
}

/** The parts in which the first addresses of the blocks differ: `4` for 10.0.4.0/24 among the blocks of a /16. */
function shortNames(ranges: readonly string[]): string[] {
  const parts = ranges.map((range) => partsOf(range.replace(/[/-].*$/, '')));
  const differs = (i: number): boolean => parts.some((one) => one[i] !== parts[0]?.[i]);
  const differing = [...(parts[0] ?? []).keys()].filter(differs);
  const [first = 0, last = 0] = [differing[0], differing.at(-1)];
  const separator = ranges[0]?.includes(':') === true ? ':' : '.';
  return parts.map((one) => one.slice(first, last + 1).join(separator));
}

/** The four octets of an IPv4 address, or the eight groups of an IPv6 address. */
function partsOf(address: string): string[] {
  if (!address.includes(':')) return address.split('.');
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  if (tail === undefined) return groups(head);
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

/** Moves the focus as in the WAI-ARIA grid pattern. Returns whether it handled the key. */
export function moveFocus(event: KeyboardEvent): boolean {
  const from = event.target instanceof Element ? event.target.closest('[role=grid] a') : null;
  const gridElement = from?.closest<HTMLElement>('[role=grid]');
  if (from === null || gridElement == null || event.altKey || event.metaKey) return false;
  const cells = [...gridElement.querySelectorAll<HTMLElement>('a')];
  const index = cells.indexOf(from as HTMLElement);
  const columns = Number(gridElement.dataset.columns);
  const rowStart = index - (index % columns);
  const last = cells.length - 1;
  const to = new Map<string, number>([
    ['ArrowRight', index + 1],
    ['ArrowLeft', index - 1],
    ['ArrowDown', index + columns],
    ['ArrowUp', index - columns],
    ['PageDown', Math.min(index + 8 * columns, last)],
    ['PageUp', Math.max(index - 8 * columns, 0)],
    ['Home', event.ctrlKey ? 0 : rowStart],
    ['End', event.ctrlKey ? last : Math.min(rowStart + columns - 1, last)],
  ]).get(event.key);
  if (to === undefined) return false;
  cells[to]?.focus();
  return true;
}

/** Each grid has one tab stop: the cell that had the focus last, or the first cell. */
export function makeTabStop(cell: Element): void {
  const gridElement = cell.closest('[role=grid]');
  if (gridElement === null) return;
  for (const other of gridElement.querySelectorAll('a[tabindex="0"]')) other.setAttribute('tabindex', '-1');
  cell.setAttribute('tabindex', '0');
}

export function addTabStops(root: Element): void {
  for (const gridElement of root.querySelectorAll('[role=grid]')) {
    if (gridElement.querySelector('a[tabindex="0"]') !== null) continue;
    gridElement.querySelector('a')?.setAttribute('tabindex', '0');
  }
}
