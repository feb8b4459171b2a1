import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolRow, Report, ServiceRow } from '../../src/core/queries/report.ts';
import { renderReport, shortCount, type TableView } from '../../src/terminal/table.ts';
import { visibleWidth } from '../../src/terminal/wrap.ts';

const plain: TableView = { width: Infinity, color: false, bars: false, nextSteps: [] };

function row(name: string, more: Partial<ServiceRow> = {}): ServiceRow {
  return { namespace: 'shop', name, addresses: [], from: '', condition: '', state: 'Assigned', ...more };
}

/** A pool with the fields that the table shows. */
type Defaults = 'families' | 'next' | 'reserved' | 'excluded' | 'users';

function pool(fields: Omit<PoolRow, Defaults>): PoolRow {
  const users = { namespaces: [], others: false };
  return { families: [], next: [], reserved: 0n, excluded: 0n, users, ...fields };
}

const report: Report = {
  services: [
    row('web', { addresses: ['192.168.0.201'], from: 'cidr-shop' }),
    row('dual', {
      addresses: ['2001::10', '192.168.0.10'],
      from: 'range-shop',
      condition: 'Shared with shop/web.',
    }),
    row('late', {
      state: 'Pending',
      condition: 'Pool cidr-shop is full: all 6 of its IPv4 addresses are in use.',
    }),
    row('extra', {
      addresses: ['192.168.0.201'],
      from: 'static',
      state: 'Conflict',
      condition: '192.168.0.201 is already assigned to shop/web.',
    }),
    row('other', { state: 'Ignored' }),
  ],
  pools: [
    pool({
      key: 'cidr-shop',
      ranges: '192.168.0.201-192.168.0.206',
      size: 6n,
      used: 6n,
      free: 0n,
      remark: '',
    }),
    pool({
      key: 'cidr-six',
      ranges: '2001::-2001::ffff:ffff:ffff:ffff',
      size: 2n ** 64n,
      used: 1n,
      free: 2n ** 64n - 1n,
      remark: '',
    }),
    pool({ key: 'cidr-empty', ranges: '', size: 0n, used: 0n, free: 0n, remark: 'shadowed by cidr-shop' }),
  ],
  problems: ['cidr-empty: "x" is not an IP address.'],
};

test('the report shows Services, pools, problems, and next steps in aligned columns', () => {
  assert.deepEqual(renderReport(report, { ...plain, nextSteps: ['npm start -- examples/dhcp.yaml'] }), [
    'SERVICE      ADDRESS                    FROM         CONDITION',
    'shop/web     192.168.0.201              cidr-shop',
    'shop/dual    2001::10,192.168.0.10      range-shop   Shared with shop/web.',
    'shop/late    Pending                    -            Pool cidr-shop is full: all 6 of its IPv4 addresses are in use.',
    'shop/extra   192.168.0.201 (Conflict)   static       192.168.0.201 is already assigned to shop/web.',
    'shop/other   Ignored                    -',
    '',
    '5 Services: 2 Assigned, 1 Pending, 1 Conflict, 1 Ignored.',
    '',
    'POOL         ADDRESSES                          USED     FREE   REMARK',
    'cidr-shop    192.168.0.201-192.168.0.206           6        0',
    'cidr-six     2001::-2001::ffff:ffff:ffff:ffff      1   1.8e19',
    'cidr-empty   -                                     0        0   shadowed by cidr-shop',
    '',
    'Remarks',
    '- cidr-empty: "x" is not an IP address.',
    '',
    'More to try',
    '- npm start -- examples/dhcp.yaml',
  ]);
});

test('on a narrow terminal, the last column moves below its row', () => {
  assert.deepEqual(renderReport(report, { ...plain, width: 60 }).slice(0, 8), [
    'SERVICE      ADDRESS                    FROM',
    'shop/web     192.168.0.201              cidr-shop',
    'shop/dual    2001::10,192.168.0.10      range-shop',
    '    Shared with shop/web.',
    'shop/late    Pending                    -',
    '    Pool cidr-shop is full: all 6 of its IPv4 addresses are',
    '    in use.',
    'shop/extra   192.168.0.201 (Conflict)   static',
  ]);
});

test('on a very narrow terminal, each row is a block of lines', () => {
  assert.deepEqual(renderReport(report, { ...plain, width: 24 }).slice(0, 10), [
    'shop/web',
    '  address 192.168.0.201',
    '  from cidr-shop',
    'shop/dual',
    '  address',
    '    2001::10,',
    '    192.168.0.10',
    '  from range-shop',
    '  condition',
    '    Shared with',
  ]);
});

test('at every width, no text is lost, no line is too wide, and no line ends in a space', () => {
  const letters = (lines: string[]): string => lines.join('').replace(/[\s-]|\.{3}/g, '');
  const expected = [
    ...report.services.flatMap(({ name, addresses, from, condition }) => [
      name,
      ...addresses,
      from,
      condition,
    ]),
    ...report.pools.flatMap(({ key, ranges, remark }) => [key, ranges, remark]),
    ...report.problems,
  ];
  for (let width = 20; width <= 160; width += 1) {
    const lines = renderReport(report, { width, color: true, bars: true, nextSteps: ['npm start'] });
    const shown = lines.map((line) => line.replaceAll(/\p{Cc}\[\d+m/gu, ''));
    for (const line of lines) assert.ok(visibleWidth(line) <= width, `${width}: ${line}`);
    for (const line of shown) assert.equal(line, line.trimEnd());
    // A wrapped column is split into lines with other cells between them.
    const text = letters(shown);
    for (const part of expected.flatMap((entry) => entry.split(/[ ,-]/))) {
      if (part.length <= 12) assert.ok(text.includes(letters([part])), `${width}: ${part}`);
    }
  }
});

test('colors are used only if enabled', () => {
  const hasColors = (color: boolean): boolean =>
    /\p{Cc}/u.test(renderReport(report, { ...plain, color }).join(''));
  assert.deepEqual([hasColors(true), hasColors(false)], [true, false]);
});

test('a bar is full only if no address is free and empty only if no address is used', () => {
  const bar = (used: bigint, free: bigint): string =>
    renderReport(
      {
        services: [],
        pools: [pool({ key: 'k', ranges: 'r', size: used + free, used, free, remark: '' })],
        problems: [],
      },
      { ...plain, bars: true },
    )
      .at(-1)
      ?.replace(/[^█░]/g, '') ?? '';
  assert.equal(bar(0n, 6n), '░░░░░░░░░░');
  assert.equal(bar(1n, 2n ** 64n), '█░░░░░░░░░');
  assert.equal(bar(3n, 3n), '█████░░░░░');
  assert.equal(bar(2n ** 64n, 1n), '█████████░');
  assert.equal(bar(6n, 0n), '██████████');
  assert.equal(bar(0n, 0n), '');
});

test('counts are exact below one billion and rounded from there', () => {
  const shown = [0n, 6n, 65_534n, 16_777_214n, 999_999_999n, 10n ** 9n, 2n ** 64n, 2n ** 128n - 1n].map(
    shortCount,
  );
  assert.deepEqual(shown, ['0', '6', '65534', '16777214', '999999999', '1.0e9', '1.8e19', '3.4e38']);
});

test('control characters in names and conditions are escaped', () => {
  const hostile = 'a\x1b[2Jb\u202ec\u009bd\ne';
  const rows: Report = {
    services: [row(hostile, { addresses: [hostile], from: hostile, condition: hostile })],
    pools: [pool({ key: hostile, ranges: hostile, size: 1n, used: 0n, free: 1n, remark: hostile })],
    problems: [hostile],
  };
  for (const width of [Infinity, 100, 60, 24]) {
    for (const line of renderReport(rows, { ...plain, width })) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  }
});

test('an empty report says that there are no Services and no pools', () => {
  assert.deepEqual(renderReport({ services: [], pools: [], problems: [] }, plain), [
    'There are no Services of type LoadBalancer.',
    '',
    'There are no pools.',
  ]);
});

test('wide characters count as two columns', () => {
  const lines = renderReport(
    {
      services: [row('web', { condition: '日本語' }), row('web2', { condition: 'x' })],
      pools: [],
      problems: [],
    },
    { ...plain, width: 40 },
  );
  for (const line of lines) assert.ok(visibleWidth(line) <= 40);
});
