import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, ConnectionError } from '../../src/client/errors.ts';
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
const WATCHING: WatchState = { ...LISTING, doing: 'watch', version: '7', openedAt: 0 };

function answered(status: number, reason = '', message = '', more: object = {}): Input {
  const asked = { verb: 'watch', path: '/api/v1/services' } as const;
  return { type: 'failed', error: new ApiError(asked, status, { reason, message, ...more }) };
}

const reset: Input = {
  type: 'failed',
  error: new ConnectionError('read ECONNRESET', { mayHaveExecuted: true }),
};
const silent: Input = { type: 'silent', error: new ConnectionError('no byte', { mayHaveExecuted: true }) };

/** An effect in a few words, so that a table can be read. */
function say(effect: WatchEffect<string>): string {
  switch (effect.type) {
    case 'list':
      return `list${effect.selecting ? '' : ', all'}`;
    case 'watch':
      return `watch from ${effect.resourceVersion}${effect.selecting ? '' : ', all'}`;
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
    case 'unselected':
    case 'recovered':
      return effect.type;
  }
}

/** Runs inputs from a state, with no randomness, at a fixed time after the watch was opened. */
function run(from: WatchState, inputs: Input[], now = 5_000): { said: string[]; state: WatchState } {
  let state = from;
  const said: string[] = [];
  for (const input of inputs) {
    const next = watchStep(state, input, { now, random: 0 });
    state = next.state;
    said.push(...next.effects.map(say));
  }
  return { said, state };
}

const waited: Input = { type: 'waited' };

const table: [sentence: string, from: WatchState, inputs: Input[], said: string[]][] = [
  ['the first thing is a list', LISTING, [{ type: 'start' }], ['list']],
  [
    'a list is the world, and the watch begins at its version',
    LISTING,
    [{ type: 'listed', items: ['a'], resourceVersion: '7' }],
    ['replaced a @7', 'watch from 7'],
  ],
  [
    'an empty list is a world too',
    LISTING,
    [{ type: 'listed', items: [], resourceVersion: '7' }],
    ['replaced  @7', 'watch from 7'],
  ],
  [
    'a list that broke off is begun anew, after a pause',
    LISTING,
    [reset, waited, { type: 'listed', items: ['a', 'b'], resourceVersion: '7' }],
    ['failing, again in 200', 'wait 200', 'list', 'replaced a,b @7', 'watch from 7'],
  ],
  [
    'a list that is answered with 410 is begun anew at once',
    LISTING,
    [answered(410, 'Expired'), { type: 'listed', items: ['b'], resourceVersion: '9' }],
    ['list', 'replaced b @9', 'watch from 9'],
  ],
  [
    'a change is delivered and moves the version',
    WATCHING,
    [{ type: 'changed', item: 'a', resourceVersion: '9', gone: false }, { type: 'closed' }],
    ['upserted a @9', 'watch from 9'],
  ],
  [
    'a change without a version is delivered and moves nothing',
    WATCHING,
    [{ type: 'changed', item: 'a', resourceVersion: '', gone: true }, { type: 'closed' }],
    ['deleted a @', 'watch from 7'],
  ],
  [
    'a bookmark moves the version',
    WATCHING,
    [{ type: 'bookmark', resourceVersion: '99' }, { type: 'closed' }],
    ['observed @99', 'watch from 99'],
  ],
  ['a watch that was ended in order is made again at once', WATCHING, [{ type: 'closed' }], ['watch from 7']],
  [
    'a connection gone silent is left at once for a list, and that is said',
    WATCHING,
    [silent],
    ['failing, again in 0', 'list'],
  ],
  [
    'a watch that broke leads to a list, after a pause: etcd may have been restored meanwhile',
    WATCHING,
    [reset, waited, { type: 'listed', items: ['a'], resourceVersion: '3' }],
    ['failing, again in 200', 'wait 200', 'list', 'replaced a @3', 'watch from 3'],
  ],
  [
    'what was said to be failing is said to have recovered, once',
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
    'pauses double up to half a minute',
    WATCHING,
    [reset, reset, reset, reset, reset, reset, reset, reset, reset],
    [200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000].flatMap((ms) => [
      `failing, again in ${ms}`,
      `wait ${ms}`,
    ]),
  ],
  ['the first 410 is answered by a list at once', WATCHING, [answered(410, 'Expired')], ['list']],
  [
    'so is the first 410 after an outage, as a restarted API server has no history',
    { ...WATCHING, failures: 5 },
    [
      reset,
      waited,
      { type: 'listed', items: [], resourceVersion: '8' },
      { type: 'opened' },
      answered(410, 'Expired'),
    ],
    ['failing, again in 6400', 'wait 6400', 'list', 'replaced  @8', 'watch from 8', 'recovered', 'list'],
  ],
  ['410 also goes by its reason', WATCHING, [answered(500, 'Expired')], ['list']],
  [
    'a 410 after a fresh list waits',
    WATCHING,
    [
      answered(410),
      { type: 'listed', items: ['a'], resourceVersion: '20' },
      { type: 'opened' },
      answered(410),
      waited,
    ],
    ['list', 'replaced a @20', 'watch from 20', 'failing, again in 400', 'wait 400', 'list'],
  ],
  [
    'Retry-After is honoured where it is longer than the own pause',
    WATCHING,
    [answered(429, 'TooManyRequests', '', { details: { retryAfterSeconds: 5 } }), waited],
    ['failing, again in 5000', 'wait 5000', 'list'],
  ],
  [
    'Retry-After does not shorten a pause',
    { ...WATCHING, failures: 6 },
    [answered(503, '', '', { details: { retryAfterSeconds: 1 } })],
    ['failing, again in 12800', 'wait 12800'],
  ],
  [
    'a Retry-After of a day is taken for a mistake',
    WATCHING,
    [answered(429, '', '', { details: { retryAfterSeconds: 86_400 } })],
    ['failing, again in 300000', 'wait 300000'],
  ],
  ...[400, 401, 403, 404, 408, 429, 500, 502, 503, 504].map((status): (typeof table)[number] => [
    `${status} on a watch leads to a list, after a pause`,
    WATCHING,
    [answered(status), waited],
    ['failing, again in 200', 'wait 200', 'list'],
  ]),
  [
    'a version from the future (etcd was restored) leads to a list, after a pause',
    WATCHING,
    [
      answered(504, 'Timeout', 'Too large resource version: 7, current: 3', {
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
      }),
      waited,
    ],
    ['failing, again in 1000', 'wait 1000', 'list'],
  ],
  ...['field label not supported: spec.type', '"spec.type" is not a known field selector: only …'].map(
    (message): (typeof table)[number] => [
      `a server that says ‘${message.slice(0, 24)}…’ is asked for everything`,
      LISTING,
      [
        answered(400, 'BadRequest', message),
        { type: 'listed', items: ['a'], resourceVersion: '7' },
        { type: 'closed' },
        waited,
      ],
      ['unselected', 'list, all', 'replaced a @7', 'watch from 7, all', 'wait 200', 'watch from 7, all'],
    ],
  ),
  [
    'of several API servers an older one may refuse the selector at the watch',
    WATCHING,
    [answered(400, 'BadRequest', 'field label not supported: spec.type')],
    ['unselected', 'list, all'],
  ],
  [
    'a selector that is refused although none was sent is an ordinary failure',
    { ...LISTING, selecting: false },
    [answered(400, 'BadRequest', 'field label not supported: spec.type')],
    ['failing, again in 200', 'wait 200'],
  ],
];

for (const [sentence, from, inputs, said] of table) {
  test(sentence, () => assert.deepEqual(run(from, inputs).said, said));
}

test('a watch that ends within a second is followed by growing pauses, later than that by none', () => {
  assert.deepEqual(run(WATCHING, [{ type: 'closed' }], 999).said, ['wait 200']);
  assert.deepEqual(run({ ...WATCHING, failures: 2 }, [{ type: 'closed' }], 999).said, ['wait 800']);
  assert.deepEqual(run({ ...WATCHING, failures: 2 }, [{ type: 'closed' }], 1_000).said, ['watch from 7']);
});

test('a watch of ten seconds makes earlier failures history, a shorter one does not', () => {
  const troubled = { ...WATCHING, failures: 5 };
  assert.deepEqual(run(troubled, [reset], 9_999).said, ['failing, again in 6400', 'wait 6400']);
  assert.deepEqual(run(troubled, [reset], 10_000).said, ['failing, again in 200', 'wait 200']);
  const expired = { ...WATCHING, expired: true };
  assert.deepEqual(run(expired, [answered(410)], 9_999).said, ['failing, again in 200', 'wait 200']);
  assert.deepEqual(run(expired, [answered(410)], 10_000).said, ['list']);
});

test('the length of a watch and of a pause is drawn within its bounds', () => {
  for (const [random, seconds, ms] of [
    [0, 300, 200],
    [0.5, 450, 300],
    [0.999_999, 600, 400],
  ] as const) {
    const [, effect] = watchStep<string>(
      LISTING,
      { type: 'listed', items: [], resourceVersion: '7' },
      { now: 0, random },
    ).effects;
    assert.equal(effect?.type === 'watch' && effect.timeoutSeconds, seconds);
    const broken: Step<string> = watchStep(WATCHING, reset, { now: 0, random });
    assert.deepEqual(broken.effects[1], { type: 'wait', ms });
  }
});

test('a step changes neither the state nor the input that it was given', () => {
  const state = Object.freeze({ ...WATCHING });
  const input = Object.freeze({ type: 'changed', item: 'a', resourceVersion: '9', gone: false } as const);
  assert.equal(run(state, [input]).state.version, '9');
  assert.equal(state.version, '7');
});
