import { type BackoffLimits, backoffMs, delayMs, WATCH_BACKOFF } from './backoff.ts';
import { ApiError, type ConnectionError } from './errors.ts';
import { isExpired, refusesSelector, type WatchFailure } from './watch-failure.ts';

/**
 * List and watch as a pure step: what has happened goes in, what to do comes out. The driver (reflector.ts) performs
 * the effects in order; at most one of them is an action, whose outcome is the next input. A step without an action
 * means: go on reading the watch that is open.
 *
 *                                       event, bookmark
 *                                           ┌───┐
 *   start ──▶ list ── listed: replaced ──▶ watch ─┴──▶ closed ──▶ watch again at once
 *              ▲                            │ │
 *              ├──────── 410, silent ───────┘ │
 *              └─────────── wait ◀── failed ──┘
 *
 * The protocol is that of "Efficient detection of changes" in Kubernetes' API concepts; bookmarks are KEP-956. Where
 * client-go watches on after a broken connection, this lists anew: the server may come back with another past
 * (docs/decisions/0011).
 */
export interface WatchState {
  /** What a finished wait leads to. */
  readonly doing: 'list' | 'watch';
  /** Where to watch from: the list's, then that of the last event or bookmark. */
  readonly version: string;
  /** False once the server has refused the field selector. */
  readonly selecting: boolean;
  /** Failures since the last healthy time; also counts answers of 410 and watches that ended at once. */
  readonly failures: number;
  /** There was a 410 since the last healthy time. */
  readonly expired: boolean;
  /** When the open watch was answered. */
  readonly openedAt: number | undefined;
  /** `failing` has been said and `recovered` has not. */
  readonly troubled: boolean;
}

export type WatchInput<T> =
  | { type: 'start' }
  /** A whole list: nothing is delivered before its end, as half a world looks like deletions. */
  | { type: 'listed'; items: T[]; resourceVersion: string }
  | { type: 'opened' }
  | { type: 'changed'; item: T; resourceVersion: string; gone: boolean }
  | { type: 'bookmark'; resourceVersion: string }
  /** The server ended the watch in good order, as it does after timeoutSeconds. */
  | { type: 'closed' }
  /** The open connection has not said a byte for too long: nobody may be at its other end. */
  | { type: 'silent'; error: ConnectionError }
  | { type: 'failed'; error: WatchFailure }
  | { type: 'waited' };

export type WatchEffect<T> =
  | { type: 'list'; selecting: boolean }
  | { type: 'watch'; selecting: boolean; resourceVersion: string; timeoutSeconds: number }
  | { type: 'wait'; ms: number }
  | { type: 'replaced'; items: T[]; resourceVersion: string }
  | { type: 'upserted' | 'deleted'; item: T; resourceVersion: string }
  | { type: 'observed'; resourceVersion: string }
  | { type: 'unselected'; error: WatchFailure }
  | { type: 'failing'; error: WatchFailure; retryInMs: number }
  | { type: 'recovered' };

export interface Step<T> {
  state: WatchState;
  effects: WatchEffect<T>[];
}

/** What a step may know of the world outside. */
export interface StepContext {
  /** The clock's milliseconds. */
  now: number;
  /** In [0, 1). */
  random: number;
}

/** A watch that lived this long makes earlier failures history. */
const HEALTHY_MS = 10_000;
/** One that ended sooner than this would, started again at once, be a hot loop. */
const SHORT_MS = 1_000;
/** Client-go's range: spread, so that the watches of many clients do not end together. */
const TIMEOUT_SECONDS = { least: 300, spread: 300 };

const LIMITS: BackoffLimits = WATCH_BACKOFF;

export function initialWatchState(): WatchState {
  return {
    doing: 'list',
    version: '',
    selecting: true,
    failures: 0,
    expired: false,
    openedAt: undefined,
    troubled: false,
  };
}

export function watchStep<T>(state: WatchState, input: WatchInput<T>, context: StepContext): Step<T> {
  switch (input.type) {
    case 'start':
      return list(state);
    case 'listed': {
      const { items, resourceVersion } = input;
      const step = watch({ ...state, version: resourceVersion }, context);
      return prepend({ type: 'replaced', items, resourceVersion }, step);
    }
    case 'opened':
      return {
        state: { ...state, openedAt: context.now, troubled: false },
        effects: state.troubled ? [{ type: 'recovered' }] : [],
      };
    case 'changed': {
      const { item, resourceVersion } = input;
      // An older version than the last is delivered like any other: only who keeps the items can order them.
      return {
        state: { ...state, version: resourceVersion || state.version },
        effects: [{ type: input.gone ? 'deleted' : 'upserted', item, resourceVersion }],
      };
    }
    case 'bookmark':
      return {
        state: { ...state, version: input.resourceVersion || state.version },
        effects: [{ type: 'observed', resourceVersion: input.resourceVersion }],
      };
    case 'closed':
      return afterClose(state, context);
    case 'silent':
      return afterSilence(settle(state, context), input.error);
    case 'failed':
      return afterFailure(settle(state, context), input.error, context);
    case 'waited':
      return state.doing === 'list' ? list(state) : watch(state, context);
  }
}

/** A server that hangs up at once is met with growing pauses; anything longer is the ordinary end of a watch. */
function afterClose(state: WatchState, context: StepContext): Step<never> {
  const short = state.openedAt === undefined || context.now - state.openedAt < SHORT_MS;
  const next = settle(state, context);
  if (!short) return watch(next, context);
  return wait({ ...next, doing: 'watch' }, backoffMs(next.failures, context.random, LIMITS));
}

/**
 * Nobody may be at the other end any more, or the version is one from the future: after etcd was restored from a backup,
 * kube-apiserver 1.36 takes such a watch and says nothing on it until its versions have caught up.
 */
function afterSilence(state: WatchState, error: ConnectionError): Step<never> {
  return prepend({ type: 'failing', error, retryInMs: 0 }, list({ ...state, troubled: true }));
}

function afterFailure(state: WatchState, error: WatchFailure, context: StepContext): Step<never> {
  if (state.selecting && refusesSelector(error)) {
    return prepend({ type: 'unselected', error }, list({ ...state, selecting: false }));
  }
  const next: WatchState = { ...state, doing: 'list' };
  // History is compacted every five minutes, and an API server that was restarted has none: one 410 is an ordinary
  // event, whatever failed before it. A second one soon after is not.
  if (isExpired(error) && !state.expired)
    return list({ ...next, expired: true, failures: state.failures + 1 });
  const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
  const retryInMs = delayMs(state.failures, context.random, LIMITS, retryAfterMs);
  return prepend({ type: 'failing', error, retryInMs }, wait({ ...next, troubled: true }, retryInMs));
}

/** The watch is over: whether it was a healthy one decides if the failures before it still count. */
function settle(state: WatchState, context: StepContext): WatchState {
  const healthy = state.openedAt !== undefined && context.now - state.openedAt >= HEALTHY_MS;
  return {
    ...state,
    openedAt: undefined,
    failures: healthy ? 0 : state.failures,
    expired: healthy ? false : state.expired,
  };
}

function list(state: WatchState): Step<never> {
  return {
    state: { ...state, doing: 'list' },
    effects: [{ type: 'list', selecting: state.selecting }],
  };
}

function watch(state: WatchState, context: StepContext): Step<never> {
  const { selecting, version: resourceVersion } = state;
  const timeoutSeconds = TIMEOUT_SECONDS.least + Math.floor(context.random * (TIMEOUT_SECONDS.spread + 1));
  return {
    state: { ...state, doing: 'watch', openedAt: undefined },
    effects: [{ type: 'watch', selecting, resourceVersion, timeoutSeconds }],
  };
}

function wait(state: WatchState, ms: number): Step<never> {
  return { state: { ...state, failures: state.failures + 1 }, effects: [{ type: 'wait', ms }] };
}

function prepend<T>(effect: WatchEffect<T>, step: Step<never>): Step<T> {
  return { state: step.state, effects: [effect, ...step.effects] };
}
