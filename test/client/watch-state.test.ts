import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, ConnectionError, SilentConnection } from '../../src/client/errors.ts';
import {
  initialWatchState,
  type Step,
  type WatchEffect,
  type WatchInput,
  type WatchState,
  watchStep,
} from '../../src/client/watch-state.ts';

type Input = WatchInput<string>;

const LISTING: WatchState = initialWatchState();
const WATCHING: WatchState = { ...LISTING, nextAction: 'watch', version: '7', openedAt: 0 };

function failedWith(status: number, reason = '', message = '', extra: object = {}): Input {
  const info = { verb: 'watch', path: '/api/v1/services' } as const;
  return { type: 'failed', error: new ApiError(info, status, { reason, message, ...extra }) };
}

const reset: Input = {
  type: 'failed',
  error: new ConnectionError('read ECONNRESET', { mayHaveExecuted: true }),
};
const idle: Input = { type: 'idle', error: new ConnectionError('no byte', { mayHaveExecuted: true }) };

/** Formats an effect, to keep the table readable. */
function format(effect: WatchEffect<string>): string {
  switch (effect.type) {
    case 'list':
    case 'check':
      return `${effect.type}${effect.useFieldSelector ? '' : ', all'}`;
    case 'watch':
      return `watch from ${effect.resourceVersion}${effect.useFieldSelector ? '' : ', all'}`;
    case 'wait':
      return `wait ${effect.ms}`;
    case 'replaced':
      return `replaced ${effect.items.join(',')} @${effect.resourceVersion}`;
    case 'upserted':
    case 'deleted':
      return `${effect.type} ${effect.item} @${effect.resourceVersion}`;
    case 'observed':
      return `observed @${effect.resourceVersion}`;
    case 'failing':
      return `failing, again in ${effect.retryInMs}`;
    case 'selectorRejected':
    case 'recovered':
      return effect.type;
  }
}

/** Runs inputs from a state, without randomness, at a fixed time after the watch was opened. */
function run(from: WatchState, inputs: Input[], now = 5_000): { effects: string[]; state: WatchState } {
  let state = from;
  const effects: string[] = [];
  for (const input of inputs) {
    const next = watchStep(state, input, { now, random: 0 });
    state = next.state;
    effects.push(...next.effects.map(format));
  }
  return { effects, state };
}

const waited: Input = { type: 'waited' };

const table: [title: string, from: WatchState, inputs: Input[], effects: string[]][] = [
  ['the first action is a list', LISTING, [{ type: 'start' }], ['list']],
  [
    'a list is delivered, and the watch begins at its version',
    LISTING,
    [{ type: 'listed', items: ['a'], resourceVersion: '7' }],
    ['replaced a @7', 'watch from 7'],
  ],
  [
    'an empty list is delivered',
    LISTING,
    [{ type: 'listed', items: [], resourceVersion: '7' }],
    ['replaced  @7', 'watch from 7'],
  ],
  [
    'an incomplete list is retried after a delay',
    LISTING,
    [reset, waited, { type: 'listed', items: ['a', 'b'], resourceVersion: '7' }],
    ['failing, again in 200', 'wait 200', 'list', 'replaced a,b @7', 'watch from 7'],
  ],
  [
    'a list that fails with 410 is retried at once',
    LISTING,
    [failedWith(410, 'Expired'), { type: 'listed', items: ['b'], resourceVersion: '9' }],
    ['list', 'replaced b @9', 'watch from 9'],
  ],
  [
    'a change is delivered and advances the version',
    WATCHING,
    [{ type: 'changed', item: 'a', resourceVersion: '9', isDeleted: false }, { type: 'closed' }],
    ['upserted a @9', 'watch from 9'],
  ],
  [
    'a change without a version is delivered and keeps the version',
    WATCHING,
    [{ type: 'changed', item: 'a', resourceVersion: '', isDeleted: true }, { type: 'closed' }],
    ['deleted a @', 'watch from 7'],
  ],
  [
    'after a minute without an event or a bookmark, the version is checked before the next watch',
    { ...WATCHING, confirmedAt: -55_000 },
    [{ type: 'closed' }, { type: 'checked', resourceVersion: '10' }],
    ['check', 'watch from 7'],
  ],
  [
    'if the API server has an older version, its history is another one, and the collection is listed again',
    { ...WATCHING, confirmedAt: -55_000, version: '10' },
    [{ type: 'closed' }, { type: 'checked', resourceVersion: '9' }],
    ['check', 'list'],
  ],
  [
    'a check that fails leads to a list',
    { ...WATCHING, confirmedAt: -55_000 },
    [{ type: 'closed' }, reset, waited],
    ['check', 'failing, again in 200', 'wait 200', 'list'],
  ],
  [
    'after silence, the delay does not grow',
    { ...LISTING, failures: 9 },
    [{ type: 'failed', error: new SilentConnection('no data') }],
    ['failing, again in 200', 'wait 200'],
  ],
  [
    'a bookmark advances the version',
    WATCHING,
    [{ type: 'bookmark', resourceVersion: '99' }, { type: 'closed' }],
    ['observed @99', 'watch from 99'],
  ],
  ['a watch that ended normally is restarted at once', WATCHING, [{ type: 'closed' }], ['watch from 7']],
  [
    'an idle watch leads to a list at once, and is reported',
    WATCHING,
    [idle],
    ['failing, again in 0', 'list'],
  ],
  [
    'a broken watch leads to a list, after a delay: etcd may have been restored meanwhile',
    WATCHING,
    [reset, waited, { type: 'listed', items: ['a'], resourceVersion: '3' }],
    ['failing, again in 200', 'wait 200', 'list', 'replaced a @3', 'watch from 3'],
  ],
  [
    'a recovery is reported once after a failure',
    WATCHING,
    [
      reset,
      waited,
      { type: 'listed', items: ['a'], resourceVersion: '8' },
      { type: 'opened' },
      { type: 'opened' },
    ],
    ['failing, again in 200', 'wait 200', 'list', 'replaced a @8', 'watch from 8', 'recovered'],
  ],
  [
    'delays double up to half a minute',
    WATCHING,
    [reset, reset, reset, reset, reset, reset, reset, reset, reset],
    [200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000].flatMap((ms) => [
      `failing, again in ${ms}`,
      `wait ${ms}`,
    ]),
  ],
  ['the first 410 leads to a list at once', WATCHING, [failedWith(410, 'Expired')], ['list']],
  [
    'so does the first 410 after an outage, because a restarted API server has no history',
    { ...WATCHING, failures: 5 },
    [
      reset,
      waited,
      { type: 'listed', items: [], resourceVersion: '8' },
      { type: 'opened' },
      failedWith(410, 'Expired'),
    ],
    ['failing, again in 6400', 'wait 6400', 'list', 'replaced  @8', 'watch from 8', 'recovered', 'list'],
  ],
  ['410 is also recognized by its reason', WATCHING, [failedWith(500, 'Expired')], ['list']],
  [
    'a 410 after a new list leads to a delay',
    WATCHING,
    [
      failedWith(410),
      { type: 'listed', items: ['a'], resourceVersion: '20' },
      { type: 'opened' },
      failedWith(410),
      waited,
    ],
    ['list', 'replaced a @20', 'watch from 20', 'failing, again in 400', 'wait 400', 'list'],
  ],
  [
    'Retry-After applies if it is longer than the back-off',
    WATCHING,
    [failedWith(429, 'TooManyRequests', '', { details: { retryAfterSeconds: 5 } }), waited],
    ['failing, again in 5000', 'wait 5000', 'list'],
  ],
  [
    'Retry-After does not shorten the back-off',
    { ...WATCHING, failures: 6 },
    [failedWith(503, '', '', { details: { retryAfterSeconds: 1 } })],
    ['failing, again in 12800', 'wait 12800'],
  ],
  [
    'a Retry-After of a day is limited',
    WATCHING,
    [failedWith(429, '', '', { details: { retryAfterSeconds: 86_400 } })],
    ['failing, again in 300000', 'wait 300000'],
  ],
  ...[400, 401, 403, 404, 408, 429, 500, 502, 503, 504].map((status): (typeof table)[number] => [
    `${status} on a watch leads to a list, after a delay`,
    WATCHING,
    [failedWith(status), waited],
    ['failing, again in 200', 'wait 200', 'list'],
  ]),
  [
    'a version from the future (etcd was restored) leads to a list, after a delay',
    WATCHING,
    [
      failedWith(504, 'Timeout', 'Too large resource version: 7, current: 3', {
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
      }),
      waited,
    ],
    ['failing, again in 1000', 'wait 1000', 'list'],
  ],
  ...['field label not supported: spec.type', '"spec.type" is not a known field selector: only …'].map(
    (message): (typeof table)[number] => [
      `a server that rejects the selector with ‘${message.slice(0, 24)}…’ is listed unfiltered`,
      LISTING,
      [
        failedWith(400, 'BadRequest', message),
        { type: 'listed', items: ['a'], resourceVersion: '7' },
        { type: 'closed' },
        waited,
      ],
      [
        'selectorRejected',
        'list, all',
        'replaced a @7',
        'watch from 7, all',
        'wait 200',
        'watch from 7, all',
      ],
    ],
  ),
  [
    'an older one of several API servers may reject the selector of the watch',
    WATCHING,
    [failedWith(400, 'BadRequest', 'field label not supported: spec.type')],
    ['selectorRejected', 'list, all'],
  ],
  [
    'rejecting a selector that was not sent is an ordinary failure',
    { ...LISTING, useFieldSelector: false },
    [failedWith(400, 'BadRequest', 'field label not supported: spec.type')],
    ['failing, again in 200', 'wait 200'],
  ],
];

for (const [title, from, inputs, effects] of table) {
  test(title, () => assert.deepEqual(run(from, inputs).effects, effects));
}

test('a watch that ends within a second leads to back-off, a longer one does not', () => {
  assert.deepEqual(run(WATCHING, [{ type: 'closed' }], 999).effects, ['wait 200']);
  assert.deepEqual(run({ ...WATCHING, failures: 2 }, [{ type: 'closed' }], 999).effects, ['wait 800']);
  assert.deepEqual(run({ ...WATCHING, failures: 2 }, [{ type: 'closed' }], 1_000).effects, ['watch from 7']);
});

test('a watch of ten seconds resets the failures, a shorter one does not', () => {
  const failing = { ...WATCHING, failures: 5 };
  assert.deepEqual(run(failing, [reset], 9_999).effects, ['failing, again in 6400', 'wait 6400']);
  assert.deepEqual(run(failing, [reset], 10_000).effects, ['failing, again in 200', 'wait 200']);
  const expired = { ...WATCHING, expired: true };
  assert.deepEqual(run(expired, [failedWith(410)], 9_999).effects, ['failing, again in 200', 'wait 200']);
  assert.deepEqual(run(expired, [failedWith(410)], 10_000).effects, ['list']);
});

test('the timeout of a watch and the delays are drawn within their bounds', () => {
  for (const [random, seconds, ms] of [
    [0, 20, 200],
    [0.5, 23, 300],
    [0.999_999, 25, 400],
  ] as const) {
    const [, effect] = watchStep<string>(
      LISTING,
      { type: 'listed', items: [], resourceVersion: '7' },
      { now: 0, random },
    ).effects;
    assert.equal(effect?.type === 'watch' && effect.timeoutSeconds, seconds);
    const broken: Step<string> = watchStep(WATCHING, reset, { now: 0, random });
    assert.deepEqual(broken.effects[1], { type: 'wait', ms, untilRecovered: true });
  }
});

test('a step mutates neither its state nor its input', () => {
  const state = Object.freeze({ ...WATCHING });
  const input = Object.freeze({
    type: 'changed',
    item: 'a',
    resourceVersion: '9',
    isDeleted: false,
  } as const);
  assert.equal(run(state, [input]).state.version, '9');
  assert.equal(state.version, '7');
});
