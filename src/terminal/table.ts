import type { PoolRow, Report, ServiceRow } from '../core/queries/report.ts';
import { printable } from '../core/text/quote.ts';
import { type Ansi, ansiFor, type Paint } from './ansi.ts';
import { layOut, type TableCell, type TableColumn } from './layout.ts';
import { wrapWords } from './wrap.ts';

export interface TableView {
  /** Width of the terminal in columns; Infinity without a terminal, so that each row is one line for grep. */
  width: number;
  color: boolean;
  /** Whether to show a usage bar for each pool. */
  bars: boolean;
  /** Lines below the table about what to do next. They must not contain text from outside. */
  nextSteps: readonly string[];
}

/** Renders the report as lines. Every text in the report may come from outside and is escaped here. */
export function renderReport(report: Report, view: TableView): string[] {
  const ansi = ansiFor(view.color);
  const parts = [
    servicesTable(report.services, view, ansi),
    poolsTable(report.pools, view, ansi),
    bullets('Remarks', report.problems, view, ansi.yellow, ansi),
    bullets('More to try', view.nextSteps, view, (text) => text, ansi),
  ].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}

function servicesTable(rows: readonly ServiceRow[], view: TableView, ansi: Ansi): string[] {
  if (rows.length === 0) return ['There are no Services of type LoadBalancer.'];
  const paints: Record<ServiceRow['state'], Paint> = {
    Assigned: ansi.green,
    Pending: ansi.yellow,
    Conflict: ansi.red,
    Ignored: ansi.dim,
  };
  const columns: TableColumn[] = [{ title: 'SERVICE' }, { title: 'ADDRESS' }, { title: 'FROM' }];
  const hasConditions = rows.some(({ condition }) => condition !== '');
  if (hasConditions) columns.push({ title: 'CONDITION', least: 40, below: true });
  const cells = rows.map((row): TableCell[] => {
    const paint = paints[row.state];
    // The Service shows an address that it does not hold. This must be visible without colors too.
    const addresses = short(row.addresses.join(','));
    const labeled = row.state === 'Conflict' ? `${addresses} (Conflict)` : addresses;
    const address = row.addresses.length === 0 ? row.state : labeled;
    return [
      { text: `${row.namespace}/${row.name}` },
      { text: address, paint },
      { text: row.from === '' ? '-' : short(row.from) },
      ...(hasConditions ? [{ text: row.condition, ...(row.state === 'Assigned' ? {} : { paint }) }] : []),
    ];
  });
  return [...layOut(columns, cells, view.width, ansi.bold), '', ...wrapWords(summary(rows), view.width)];
}

/** Two addresses take at most 80 characters. A much longer text is not a list of addresses, and its condition says so. */
export function short(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 80)}... (and ${text.length - 80} characters more)`;
}

/** "14 Services: 11 Assigned, 2 Pending, 1 Ignored." */
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
  const columns: TableColumn[] = [
    { title: 'POOL' },
    { title: 'ADDRESSES', least: 24 },
    { title: 'USED', right: true },
    { title: 'FREE', right: true },
  ];
  const hasRemarks = rows.some(({ remark }) => remark !== '');
  if (view.bars) columns.push({ title: '' });
  if (hasRemarks) columns.push({ title: 'REMARK', least: 40, below: true });
  const cells = rows.map((row): TableCell[] => [
    { text: row.key },
    { text: row.ranges === '' ? '-' : row.ranges },
    // A DHCP pool has no size.
    { text: isLeased(row) ? '-' : shortCount(row.used) },
    { text: isLeased(row) ? '-' : shortCount(row.free) },
    ...(view.bars
      ? [
          {
            text: bar({ used: row.size - row.free, free: row.free }),
            paint: row.free === 0n ? ansi.yellow : ansi.green,
          },
        ]
      : []),
    ...(hasRemarks ? [{ text: row.remark }] : []),
  ]);
  return layOut(columns, cells, view.width, ansi.bold);
}

/** Exact below one billion, rounded from there: 1.8e19 for the 2^64 addresses of an IPv6 /64. */
export function shortCount(count: bigint): string {
  return count < 1_000_000_000n ? String(count) : Number(count).toExponential(1).replace('e+', 'e');
}

const barLength = 10n;

/** Full only if no address is free and empty only if no address is used, regardless of the size of the pool. */
export function bar({ used, free }: { readonly used: bigint; readonly free: bigint }): string {
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

/** Whether the pool contains only DHCP entries, which have no size. */
export function isLeased({ size, ranges }: PoolRow): boolean {
  return size === 0n && ranges !== '';
}
