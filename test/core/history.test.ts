/** Who had an address: each row is what the sources say, and what follows for one address or one Service. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type HeldPeriod,
  History,
  type HistoryQuery,
  type Moment,
  maxPeriods,
} from '../../src/core/queries/history.ts';
import { factIn } from '../../src/core/queries/history-facts.ts';

type Fields = Readonly<Record<string, string>>;
/** The seconds of the time, the fields of the line, and which source it comes from. */
type Line = readonly [seconds: number, fields: Fields, source?: number];

function timeAt(seconds: number): number {
  return seconds * 1000;
}

function write(service: string, addresses: string, cause = 'allocate', previous = ''): Fields {
  const fields = { service, decision: 'write', cause, addresses, source: 'cidr-global' };
  return previous === '' ? fields : { ...fields, previous };
}

function release(service: string, addresses: string, cause = 'deleted'): Fields {
  if (cause === 'type-changed') return { service, decision: 'release', addresses };
  return { service, cause, previous: addresses };
}

function holders(text: string, part = 1, parts = 1): Fields {
  return { holders: text, part: String(part), parts: String(parts) };
}

function answerTo(query: HistoryQuery, lines: readonly Line[]) {
  const history = new History(query);
  for (const [seconds, fields, source] of lines)
    history.add(factIn({ time: timeAt(seconds), fields }), source);
  return history.answer();
}

const seconds = (time: number): number => time / 1000;

function momentText(moment: Moment | undefined): string {
  if (moment === undefined) return '';
  if (moment.isExact) return String(seconds(moment.time));
  const { time, after } = moment;
  return `${after === undefined ? '' : seconds(after)}<${seconds(time)}`;
}

/** `shop/web 10.0.0.1 0-5 allocate deleted`; `3<5` is a time between 3 and 5. */
function textOf({ service, address, from, until, assigned = '?', ended = 'held' }: HeldPeriod): string {
  return `${service} ${address} ${momentText(from)}-${momentText(until)} ${assigned} ${ended}`;
}

const address: HistoryQuery = { address: '10.0.0.1' };
const service: HistoryQuery = { service: 'shop/web' };

const cases: readonly (readonly [
  what: string,
  query: HistoryQuery,
  lines: readonly Line[],
  ...expected: string[],
])[] = [
  ['nothing is known', address, []],
  ['others are not asked for', address, [[0, write('shop/web', '10.0.0.10')]]],
  [
    'a Service that has it',
    address,
    [[1, write('shop/web', '10.0.0.1')]],
    'shop/web 10.0.0.1 1- allocate held',
  ],
  [
    'one after the other',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, release('shop/web', '10.0.0.1')],
      [6, write('shop/api', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1-5 allocate deleted',
    'shop/api 10.0.0.1 6- allocate held',
  ],
  [
    'deleted and created again: two periods',
    service,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, release('shop/web', '10.0.0.1')],
      [6, write('shop/web', '10.0.0.2')],
    ],
    'shop/web 10.0.0.1 1-5 allocate deleted',
    'shop/web 10.0.0.2 6- allocate held',
  ],
  [
    'another type: the cleanup says so after the watch',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, release('shop/web', '10.0.0.1', 'deleted')],
      [6, release('shop/web', '10.0.0.1', 'type-changed')],
    ],
    'shop/web 10.0.0.1 1-5 allocate type-changed',
  ],
  [
    'another type: the cleanup was faster than the watch',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, release('shop/web', '10.0.0.1', 'type-changed')],
      [6, release('shop/web', '10.0.0.1', 'deleted')],
    ],
    'shop/web 10.0.0.1 1-5 allocate type-changed',
  ],
  [
    'a reallocation, as the Service sees it',
    service,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, write('shop/web', '10.0.0.2', 'reallocate', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1-5 allocate reallocate',
    'shop/web 10.0.0.2 5- reallocate held',
  ],
  [
    'a reallocation, as the first address sees it, without the field previous (earlier versions)',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, write('shop/web', '10.0.0.2', 'reallocate')],
    ],
    'shop/web 10.0.0.1 1-5 allocate reallocate',
  ],
  [
    'an edit of a Service whose beginning is not in the log',
    address,
    [[5, write('shop/web', '10.9.9.9', 'mark-static', '10.0.0.1')]],
    'shop/web 10.0.0.1 <5-5 ? mark-static',
  ],
  [
    'a second family: the first address stays',
    service,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, write('shop/web', '10.0.0.1,fd00::1', 'families', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1- allocate held',
    'shop/web fd00::1 5- families held',
  ],
  [
    'a second family, and the log begins in between',
    service,
    [[5, write('shop/web', '10.0.0.1,fd00::1', 'families', '10.0.0.1')]],
    'shop/web 10.0.0.1 <5- ? held',
    'shop/web fd00::1 5- families held',
  ],
  ...['adopt', 'restore', 'confirm', 'update'].map(
    (cause) =>
      [
        `${cause}: it had it before`,
        address,
        [[5, write('shop/web', '10.0.0.1', cause)]] as const,
        'shop/web 10.0.0.1 <5- ? held',
      ] as const,
  ),
  [
    'the end of a period that began before the log',
    address,
    [[5, release('shop/web', '10.0.0.1')]],
    'shop/web 10.0.0.1 <5-5 ? deleted',
  ],
  [
    'a list when leadership begins: held since before',
    address,
    [[5, holders('shop/web=10.0.0.1 shop/api=10.0.0.2')]],
    'shop/web 10.0.0.1 <5- ? held',
  ],
  [
    'a restart changes nothing for those that are still there',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, holders('shop/web=10.0.0.1')],
      [9, release('shop/web', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1-9 allocate deleted',
  ],
  [
    'deleted while no controller ran: between the last line of a leader and the list',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [3, write('shop/api', '10.0.0.2')],
      [9, {}],
      [10, holders('shop/api=10.0.0.2')],
    ],
    'shop/web 10.0.0.1 1-3<10 allocate unknown',
  ],
  [
    'given to another one while the log was lost',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [10, holders('shop/api=10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1-1<10 allocate unknown',
    'shop/api 10.0.0.1 1<10- ? held',
  ],
  [
    'a list with several parts',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [2, write('shop/other', '10.0.0.1', 'share')],
      [10, holders('shop/api=10.0.0.2', 1, 2)],
      [10, holders('shop/web=10.0.0.1', 2, 2)],
    ],
    'shop/web 10.0.0.1 1- allocate held',
    'shop/other 10.0.0.1 2-10<10 share unknown',
  ],
  [
    'a list of which a part is missing says nothing about who is missing in it',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [10, holders('shop/api=10.0.0.2', 1, 3)],
      [10, holders('shop/b=10.0.0.3', 3, 3)],
    ],
    'shop/web 10.0.0.1 1- allocate held',
  ],
  [
    'lists of two replicas between each other',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [10, holders('shop/api=10.0.0.2', 1, 2), 0],
      [10, holders('shop/api=10.0.0.2', 1, 2), 1],
      [10, holders('shop/web=10.0.0.1', 2, 2), 0],
      [10, holders('shop/web=10.0.0.1', 2, 2), 1],
    ],
    'shop/web 10.0.0.1 1- allocate held',
  ],
  [
    'two that share it',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [2, write('shop/api', '10.0.0.1', 'share')],
      [5, release('shop/web', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1-5 allocate deleted',
    'shop/api 10.0.0.1 2- share held',
  ],
  [
    'allocated although another one had it: its end is not in the log (earlier versions)',
    address,
    [
      [1, write('shop/web', '10.0.0.1')],
      [5, write('shop/api', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 1-1<5 allocate unknown',
    'shop/api 10.0.0.1 5- allocate held',
  ],
  [
    'requested by name although another one has it: both have it',
    address,
    [
      [1, write('shop/web', '10.0.0.1', 'mark-static')],
      [5, write('shop/api', '10.0.0.1', 'mark-static')],
    ],
    'shop/web 10.0.0.1 1- mark-static held',
    'shop/api 10.0.0.1 5- mark-static held',
  ],
  [
    'the clock goes back: the order of the log counts',
    address,
    [
      [100, write('shop/web', '10.0.0.1')],
      [50, release('shop/web', '10.0.0.1')],
      [51, write('shop/api', '10.0.0.1')],
    ],
    'shop/web 10.0.0.1 100-50 allocate deleted',
    'shop/api 10.0.0.1 51- allocate held',
  ],
  [
    'a hostname',
    service,
    [[1, write('shop/web', 'web.example.com', 'mark-static')]],
    'shop/web web.example.com 1- mark-static held',
  ],
];

for (const [what, query, lines, ...expected] of cases)
  test(what, () => assert.deepEqual(answerTo(query, lines).periods.map(textOf), expected));

test('a conflict is remembered with the Service that had the address', () => {
  const conflict = { service: 'shop/api', decision: 'conflict', reason: 'address-in-use' };
  const { conflicts } = answerTo(address, [
    [1, write('shop/web', '10.0.0.1')],
    [2, { ...conflict, address: '10.0.0.1', holder: 'shop/web' }],
    [3, { service: 'shop/web', decision: 'keep', reason: 'outside-pool contested', address: '10.0.0.1' }],
    [4, { ...conflict, address: '10.0.0.2', holder: 'shop/b' }],
    // A claim that could not be written.
    [5, { service: 'shop/web', address: '10.0.0.1' }],
  ]);
  assert.deepEqual(
    conflicts.map(({ time, service, holder }) => [seconds(time), service, holder]),
    [
      [2, 'shop/api', 'shop/web'],
      [3, 'shop/web', undefined],
    ],
  );
});

test('the answer says what it covers', () => {
  const lines: readonly Line[] = [
    [5, { server: 'x' }],
    [6, holders('', 1, 1)],
    [9, {}],
    [4, {}],
    [8, {}],
  ];
  const { begins = 0, ends = 0, isCompleteFrom = 0, stepBack } = answerTo(address, lines);
  assert.deepEqual([begins, ends, isCompleteFrom].map(seconds), [4, 9, 6]);
  assert.deepEqual(stepBack && [stepBack.from, stepBack.to].map(seconds), [9, 4]);
  const old = answerTo(address, [[5, write('shop/web', '10.0.0.2')]]);
  assert.deepEqual([old.isCompleteFrom, old.stepBack], [undefined, undefined]);
});

test('memory is bounded: the newest periods are kept, and the others counted', () => {
  const history = new History(address);
  const count = 100_000;
  for (let i = 0; i < count; i += 1) {
    history.add(factIn({ time: timeAt(2 * i), fields: write(`shop/s${i}`, '10.0.0.1') }));
    history.add(factIn({ time: timeAt(2 * i + 1), fields: release(`shop/s${i}`, '10.0.0.1') }));
    history.add(
      factIn({
        time: timeAt(2 * i + 1),
        fields: { service: 'shop/x', decision: 'conflict', address: '10.0.0.1', holder: `shop/s${i}` },
      }),
    );
  }
  const { periods, dropped, conflicts, droppedConflicts } = history.answer();
  assert.deepEqual([periods.length, dropped], [maxPeriods, count - maxPeriods]);
  assert.deepEqual([conflicts.length, droppedConflicts], [maxPeriods, count - maxPeriods]);
  assert.equal(periods.at(-1)?.service, `shop/s${count - 1}`);
});

test('memory is bounded without any end, too', () => {
  const history = new History(address);
  for (let i = 0; i < 3 * maxPeriods; i += 1)
    history.add(factIn({ time: timeAt(i), fields: write(`shop/s${i}`, '10.0.0.1', 'mark-static') }));
  const { periods, dropped } = history.answer();
  assert.deepEqual([periods.length, dropped], [maxPeriods, 2 * maxPeriods]);
});
