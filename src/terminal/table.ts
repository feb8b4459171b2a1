import type { PoolRow, Report, ServiceRow } from '../core/queries/report.ts';
import { printable } from '../core/text/quote.ts';
import { type Ansi, ansiFor, type Paint } from './ansi.ts';
import { layOut, type TableCell, type TableColumn } from './layout.ts';
import { wrapWords } from './wrap.ts';

export interface TableView {
  /** Columns of the terminal; Infinity where there is none, so that a row is a line for grep. */
  width: number;
  colour: boolean;
  /** A small bar of each pool's use. */
  bars: boolean;
  /** What else there is to see, below the table, each entry a line; our own words. */
  more: readonly string[];
}

/** The report as lines for a person. Every text of the report may come from outside and is made printable here. */
export function renderReport(report: Report, view: TableView): string[] {
  const ansi = ansiFor(view.colour);
  const parts = [
    servicesTable(report.services, view, ansi),
    poolsTable(report.pools, view, ansi),
    bullets('Remarks', report.problems, view, ansi.yellow, ansi),
    bullets('More to try', view.more, view, (text) => text, ansi),
  ].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}

function servicesTable(rows: readonly ServiceRow[], view: TableView, ansi: Ansi): string[] {
  if (rows.length === 0) return ['There is no Service of type LoadBalancer.'];
  const paints: Record<ServiceRow['state'], Paint> = {
    Assigned: ansi.green,
    Pending: ansi.yellow,
    Conflict: ansi.red,
    Ignored: ansi.dim,
  };
  const heads: TableColumn[] = [{ title: 'SERVICE' }, { title: 'ADDRESS' }, { title: 'FROM' }];
  const hasNotes = rows.some(({ condition }) => condition !== '');
  if (hasNotes) heads.push({ title: 'NOTE', least: 40, below: true });
  const cells = rows.map((row): TableCell[] => {
    const paint = paints[row.state];
    // A refused address is on the Service, but it is not its own: without colours, too, that must be seen.
    const addresses = short(row.addresses);
    const shown = row.state === 'Conflict' ? `${addresses} (Conflict)` : addresses;
    const address = row.addresses === '' ? row.state : shown;
    return [
      { text: `${row.namespace}/${row.name}` },
      { text: address, paint },
      { text: row.from === '' ? '-' : short(row.from) },
      ...(hasNotes ? [{ text: row.condition, ...(row.state === 'Assigned' ? {} : { paint }) }] : []),
    ];
  });
  return [...layOut(heads, cells, view.width, ansi.bold), '', ...wrapWords(summary(rows), view.width)];
}

/** Two addresses are 80 characters at most; what is far longer is no list of addresses, and the note says so. */
export function short(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 80)}... (and ${text.length - 80} characters more)`;
}

/** "14 Services: 11 served, 2 waiting, 1 not ours." */
function summary(rows: readonly ServiceRow[]): string {
  const states: ServiceRow['state'][] = ['Assigned', 'Pending', 'Conflict', 'Ignored'];
  const counts = states.flatMap((state) => {
    const count = rows.filter((row) => row.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return `${rows.length} ${rows.length === 1 ? 'Service' : 'Services'}: ${counts.join(', ')}.`;
}

function poolsTable(rows: readonly PoolRow[], view: TableView, ansi: Ansi): string[] {
  if (rows.length === 0) return ['There are no pools.'];
  const heads: TableColumn[] = [
    { title: 'POOL' },
    { title: 'ADDRESSES', least: 24 },
    { title: 'USED', right: true },
    { title: 'FREE', right: true },
  ];
  const hasNotes = rows.some(({ remark }) => remark !== '');
  if (view.bars) heads.push({ title: '' });
  if (hasNotes) heads.push({ title: 'NOTE', least: 40, below: true });
  const cells = rows.map((row): TableCell[] => [
    { text: row.key },
    { text: row.ranges === '' ? '-' : row.ranges },
    // DHCP answers for as many as ask.
    { text: isLeased(row) ? '-' : shortCount(row.used) },
    { text: isLeased(row) ? '-' : shortCount(row.free) },
    ...(view.bars ? [{ text: bar(row), paint: row.free === 0n ? ansi.yellow : ansi.green }] : []),
    ...(hasNotes ? [{ text: row.remark }] : []),
  ]);
  return layOut(heads, cells, view.width, ansi.bold);
}

/** Exact below a thousand million; from there on rounded, as 1.8e19 for the 2^64 addresses of an IPv6 /64. */
export function shortCount(count: bigint): string {
  return count < 1_000_000_000n ? String(count) : Number(count).toExponential(1).replace('e+', 'e');
}

const barLength = 10n;

/** Full only when nothing is free, empty only when nothing is used, however large the pool is. */
export function bar({ used, free }: Pick<PoolRow, 'used' | 'free'>): string {
  const size = used + free;
  if (size <= 0n) return '';
  let filled = (used * barLength) / size;
  if (used > 0n && filled === 0n) filled = 1n;
  if (free > 0n && filled >= barLength) filled = barLength - 1n;
  return '█'.repeat(Number(filled)) + '░'.repeat(Number(barLength - filled));
}

export function bullets(
  title: string,
  texts: readonly string[],
  view: Pick<TableView, 'width'>,
  paint: Paint,
  ansi: Ansi,
): string[] {
  if (texts.length === 0) return [];
  const lines = texts.flatMap((text) =>
    wrapWords(printable(text), Math.max(view.width - 2, 8)).map(
      (line, index) => (index === 0 ? '- ' : '  ') + paint(line),
    ),
  );
  return [ansi.bold(title), ...lines];
}

/** Nothing but DHCP: there is nothing to count. */
export function isLeased({ size, ranges }: PoolRow): boolean {
  return size === 0n && ranges !== '';
}
