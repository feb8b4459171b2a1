import type { AddressCell, Block, PoolMap, Segment } from '../page-data.ts';
import { h } from './dom.ts';
import { linkTo } from './page-route.ts';
import { addressStates, count, percent } from './states.ts';

/** Maps of addresses as grids: one cell or block each, which says all of itself to a screen reader. */

export interface CellPosition {
  /** Where a block leads to. */
  readonly pool: string;
  readonly columns: number;
}

export function mapElement(map: PoolMap, place: CellPosition, titles: boolean): HTMLElement {
  const { segments, more, beside } = map;
  return h(
    'div',
    { class: 'map' },
    segments.map((segment) => [
      titles
        ? h('h2', { class: 'mono' }, segment.range, h('small', {}, ` ${count(segment.size)} addresses`))
        : undefined,
      segmentElement(segment, place),
      'fit' in segment && segment.fit !== undefined && titles
        ? h(
            'p',
            {},
            h(
              'a',
              { href: linkTo('pool', place.pool, segment.fit) },
              `Zoom to what is in use: ${segment.fit}`,
            ),
          )
        : undefined,
    ]),
    more > 0
      ? h(
          'p',
          { class: 'quiet' },
          `And ${count(more)} more ranges: look for an address of one by the search.`,
        )
      : undefined,
    beside.length > 0
      ? [
          h('p', { class: 'quiet' }, 'Outside of the pool, held by its Services:'),
          grid(`outside of ${place.pool}`, place.columns, beside, (cell) =>
            cellElement(cell, cell.address, 'whole'),
          ),
        ]
      : undefined,
  );
}

function segmentElement(segment: Segment, { pool, columns }: CellPosition): HTMLElement {
  const name = `${segment.range} in ${pool}`;
  if ('cells' in segment) {
    return grid(name, columns, segment.cells, (cell) => cellElement(cell, endOf(cell.address)));
  }
  const short = shortNames(segment.blocks.map(({ range }) => range));
  return grid(name, columns, segment.blocks, (block, i) => blockElement(block, short[i] ?? '', pool));
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
  const who = cell.services.join(', ') + (cell.more > 0 ? ` and ${cell.more} more` : '');
  const label = `${cell.address}, ${name}${who === '' ? '' : `, ${who}`}`;
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

function blockElement(block: Block, text: string, pool: string): HTMLElement {
  const { range, used, free, states } = block;
  const all = used + Number(free);
  const share = all === 0 ? 0 : (100 * used) / all;
  const parts = Object.entries(states).map(([state, n]) => `${n} ${nameOf(state)}`);
  const inUse =
    used === 0 ? 'nothing in use' : `${count(used)} in use (${parts.join(', ')}), ${percent(share)}`;
  const state =
    all === 0 ? 'excluded' : states.conflict !== undefined ? 'conflict' : used === 0 ? 'free' : 'assigned';
  return h(
    'a',
    {
      class: 'block',
      href: linkTo('pool', pool, range),
      tabindex: -1,
      'data-state': state,
      'data-key': range,
      'data-fill': used === 0 ? 0 : Math.max(6, Math.round(share)),
      'data-sign': used === 0 ? '' : `${states.conflict === undefined ? '' : '!'}${compact(used)}`,
      // Whoever speaks to the browser says what is seen, which `::` may have shortened away.
      'aria-label': `${range}, ${inUse}, ${count(free)} free${range.includes(':') ? `, ${text}` : ''}`,
    },
    text,
  );
}

function nameOf(state: string): string {
  return Object.entries(addressStates).find(([key]) => key === state)?.[1].name ?? state;
}

/** `256`, `1.5k`: a block has room for four letters. */
function compact(value: number): string {
  if (value < 1000) return String(value);
  return value < 10_000 ? `${(value / 1000).toFixed(1)}k` : `${Math.round(value / 1000)}k`;
}

/** What tells an address from its neighbours: `.201`, `:1f`; `1.0` where the next block begins. */
function endOf(address: string): string {
  const last = Math.max(address.lastIndexOf('.'), address.lastIndexOf(':'));
  if (!address.endsWith('.0')) return address.slice(last);
  return address.slice(address.lastIndexOf('.', last - 1) + 1);
}

/** The parts in which the blocks' first addresses differ: of 10.0.4.0/24 among its neighbours `4`. */
function shortNames(ranges: readonly string[]): string[] {
  const parts = ranges.map((range) => partsOf(range.replace(/[/-].*$/, '')));
  const differs = (i: number): boolean => parts.some((one) => one[i] !== parts[0]?.[i]);
  const places = [...(parts[0] ?? []).keys()].filter(differs);
  const [first = 0, last = 0] = [places[0], places.at(-1)];
  const dot = ranges[0]?.includes(':') === true ? ':' : '.';
  return parts.map((one) => one.slice(first, last + 1).join(dot));
}

/** The four numbers of an IPv4 address, or the eight groups of an IPv6 one. */
function partsOf(address: string): string[] {
  if (!address.includes(':')) return address.split('.');
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  if (tail === undefined) return groups(head);
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

/** Moves the focus by the keys of a grid (WAI-ARIA's pattern); true where it did. */
export function moveIn(event: KeyboardEvent): boolean {
  const from = event.target instanceof Element ? event.target.closest('[role=grid] a') : null;
  const gridElement = from?.closest<HTMLElement>('[role=grid]');
  if (from === null || gridElement == null || event.altKey || event.metaKey) return false;
  const cells = [...gridElement.querySelectorAll<HTMLElement>('a')];
  const at = cells.indexOf(from as HTMLElement);
  const columns = Number(gridElement.dataset.columns);
  const rowStart = at - (at % columns);
  const last = cells.length - 1;
  const to = new Map<string, number>([
    ['ArrowRight', at + 1],
    ['ArrowLeft', at - 1],
    ['ArrowDown', at + columns],
    ['ArrowUp', at - columns],
    ['PageDown', Math.min(at + 8 * columns, last)],
    ['PageUp', Math.max(at - 8 * columns, 0)],
    ['Home', event.ctrlKey ? 0 : rowStart],
    ['End', event.ctrlKey ? last : Math.min(rowStart + columns - 1, last)],
  ]).get(event.key);
  if (to === undefined) return false;
  cells[to]?.focus();
  return true;
}

/** One cell of each grid can be reached by Tab: the one that had the focus last, else the first. */
export function reach(cell: Element): void {
  const gridElement = cell.closest('[role=grid]');
  if (gridElement === null) return;
  for (const other of gridElement.querySelectorAll('a[tabindex="0"]')) other.setAttribute('tabindex', '-1');
  cell.setAttribute('tabindex', '0');
}

export function reachEach(root: Element): void {
  for (const gridElement of root.querySelectorAll('[role=grid]')) {
    if (gridElement.querySelector('a[tabindex="0"]') !== null) continue;
    gridElement.querySelector('a')?.setAttribute('tabindex', '0');
  }
}
