import { type BackoffLimits, backoffMs, delayMs, WATCH_BACKOFF } from './backoff.ts';
import { ApiError, ConnectionError, SilentConnection } from './errors.ts';
import { isExpired, isSelectorRejected, type WatchFailure } from './watch-failure.ts';

/**
 * List and watch as a pure state machine: an input goes in, effects come out. The driver (reflector.ts) performs
 * the effects in order; at most one of them is an action, whose outcome is the next input. A step without an action
 * continues to read the open watch.
 *
 *                                       event, bookmark
 *                                           ┌───┐
 *   start ──▶ list ── listed: replaced ──▶ watch ─┴──▶ closed ──▶ watch again at once
 *              ▲                            │ │  └──▶ check ──▶ watch, if nothing was delivered for a minute
 *              ├──────── 410, idle ─────────┘ │          │
 *              ├─────────── wait ◀── failed ──┘          │
 *              └──────────────── older version ◀─────────┘
 *
 * The protocol is "Efficient detection of changes" in Kubernetes' API concepts; bookmarks are KEP-956. Unlike
 * client-go, a broken connection leads to a relist: the server may return with another history
 * (docs/decisions/0011).
 */
export interface WatchState {
  /** The action after a delay. */
  readonly nextAction: 'list' | 'watch';
  /** When the version was last confirmed: by a list, an event, a bookmark or a check. */
  readonly confirmedAt: number;
  /** The version to watch from: that of the list, then of the last event or bookmark. */
  readonly version: string;
  /** False once the server has rejected the field selector. */
  readonly useFieldSelector: boolean;
  /** Failures since the last healthy watch; includes 410 responses and watches that ended at once. */
  readonly failures: number;
  /** Whether there was a 410 since the last healthy watch. */
  readonly expired: boolean;
  /** When the response of the open watch began. */
  readonly openedAt: number | undefined;
  /** Whether `failing` was delivered without a later `recovered`. */
  readonly isFailing: boolean;
}

export type WatchInput<T> =
  | { type: 'start' }
  /** A complete list. Nothing is delivered earlier, because missing objects would look like deletions. */
  | { type: 'listed'; items: T[]; resourceVersion: string }
  | { type: 'opened' }
  | { type: 'changed'; item: T; resourceVersion: string; isDeleted: boolean }
  | { type: 'bookmark'; resourceVersion: string }
  /** The server ended the watch normally, as it does after timeoutSeconds. */
  | { type: 'closed' }
  /** The current version of the collection. */
  | { type: 'checked'; resourceVersion: string }
  /** The open watch received no data for too long: the peer may be gone. */
  | { type: 'idle'; error: ConnectionError }
  | { type: 'failed'; error: WatchFailure }
  | { type: 'waited' };

export type WatchEffect<T> =
  | { type: 'list'; useFieldSelector: boolean }
  | { type: 'watch'; useFieldSelector: boolean; resourceVersion: string; timeoutSeconds: number }
  /** Reads the current version only. */
  | { type: 'check'; useFieldSelector: boolean }
  /** `untilRecovered`: it also ends when the API server answers again after an outage. */
  | { type: 'wait'; ms: number; untilRecovered: boolean }
  | { type: 'replaced'; items: T[]; resourceVersion: string }
  | { type: 'upserted' | 'deleted'; item: T; resourceVersion: string }
  | { type: 'observed'; resourceVersion: string }
  | { type: 'selectorRejected'; error: WatchFailure }
  | { type: 'failing'; error: WatchFailure; retryInMs: number }
  | { type: 'recovered' };

export interface Step<T> {
  state: WatchState;
  effects: WatchEffect<T>[];
}

/** The time and randomness of a step. */
export interface StepContext {
  /** Monotonic milliseconds. */
  now: number;
  /** In [0, 1). */
  random: number;
}

/** A watch of at least this duration resets the failure counters. */
const HEALTHY_MS = 10_000;
/** Restarting watches shorter than this without a delay would be a hot loop. */
const SHORT_MS = 1_000;
/**
 * The API server ends a watch after that time, so one that receives nothing for longer is dead (`reflector.ts`). No other
 * request could show that. Randomized, so that watches do not end together. The next one uses the same connection.
 */
const TIMEOUT_SECONDS = { least: 20, spread: 5 };
/**
 * After this time without an event or a bookmark, the version is compared with that of the API server. kube-apiserver
 * 1.36 sends a bookmark only if it knows a newer version, so it treats a quiet collection like a version from the future.
 */
const CHECK_MS = 60_000;

const LIMITS: BackoffLimits = WATCH_BACKOFF;

export function initialWatchState(): WatchState {
  return {
    nextAction: 'list',
    confirmedAt: 0,
    version: '',
    useFieldSelector: true,
    failures: 0,
    expired: false,
    openedAt: undefined,
    isFailing: false,
  };
}

export function watchStep<T>(state: WatchState, input: WatchInput<T>, context: StepContext): Step<T> {
  switch (input.type) {
    case 'start':
      return list(state);
    case 'listed': {
      const { items, resourceVersion } = input;
      const step = watch({ ...state, version: resourceVersion, confirmedAt: context.now }, context);
      return prepend({ type: 'replaced', items, resourceVersion }, step);
    }
    case 'opened':
      return {
        state: { ...state, openedAt: context.now, isFailing: false },
        effects: state.isFailing ? [{ type: 'recovered' }] : [],
      };
    case 'changed': {
      const { item, resourceVersion } = input;
      // Also delivers a version older than the last: only the sink can order them.
      return {
        state: { ...state, version: resourceVersion || state.version, confirmedAt: context.now },
        effects: [{ type: input.isDeleted ? 'deleted' : 'upserted', item, resourceVersion }],
      };
    }
    case 'bookmark':
      return {
        state: { ...state, version: input.resourceVersion || state.version, confirmedAt: context.now },
        effects: [{ type: 'observed', resourceVersion: input.resourceVersion }],
      };
    case 'closed':
      return afterClose(state, context);
    case 'checked':
      if (isOlder(input.resourceVersion, state.version)) return list(state);
      return watch({ ...state, confirmedAt: context.now }, context);
    case 'idle':
      return afterIdle(endWatch(state, context), input.error);
    case 'failed':
      return afterFailure(endWatch(state, context), input.error, context);
    case 'waited':
      return state.nextAction === 'list' ? list(state) : watch(state, context);
  }
}

/** Delays the next watch if the server closed this one at once; otherwise the end is normal. */
function afterClose(state: WatchState, context: StepContext): Step<never> {
  const isShort = state.openedAt === undefined || context.now - state.openedAt < SHORT_MS;
  const next = endWatch(state, context);
  if (!isShort && context.now - state.confirmedAt >= CHECK_MS)
    return { state: next, effects: [{ type: 'check', useFieldSelector: next.useFieldSelector }] };
  if (!isShort) return watch(next, context);
  return wait({ ...next, nextAction: 'watch' }, backoffMs(next.failures, context.random, LIMITS), false);
}

/**
 * Lists again: the peer may be gone, or our version may be from the future. After etcd was restored from a
 * backup, kube-apiserver 1.36 accepts such a watch and sends nothing until its versions have caught up.
 */
function afterIdle(state: WatchState, error: ConnectionError): Step<never> {
  return prepend({ type: 'failing', error, retryInMs: 0 }, list({ ...state, isFailing: true }));
}

function afterFailure(state: WatchState, error: WatchFailure, context: StepContext): Step<never> {
  if (state.useFieldSelector && isSelectorRejected(error)) {
    return prepend({ type: 'selectorRejected', error }, list({ ...state, useFieldSelector: false }));
  }
  const next: WatchState = { ...state, nextAction: 'list' };
  // etcd compacts its history every five minutes, and a restarted API server has none, so the first 410 is
  // normal, even after other failures. A second one soon after is not.
  if (isExpired(error) && !state.expired)
    return list({ ...next, expired: true, failures: state.failures + 1 });
  const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
  // Silence has taken its time already.
  const failures = error instanceof SilentConnection ? 0 : state.failures;
  const retryInMs = delayMs(failures, context.random, LIMITS, retryAfterMs);
  const waiting = wait({ ...next, isFailing: true }, retryInMs, error instanceof ConnectionError);
  return prepend({ type: 'failing', error, retryInMs }, waiting);
}

/** Ends the watch. If it was healthy, earlier failures no longer apply. */
function endWatch(state: WatchState, context: StepContext): WatchState {
  const isHealthy = state.openedAt !== undefined && context.now - state.openedAt >= HEALTHY_MS;
  return {
    ...state,
    openedAt: undefined,
    failures: isHealthy ? 0 : state.failures,
    expired: isHealthy ? false : state.expired,
  };
}

function list(state: WatchState): Step<never> {
  return {
    state: { ...state, nextAction: 'list' },
    effects: [{ type: 'list', useFieldSelector: state.useFieldSelector }],
  };
}

function watch(state: WatchState, context: StepContext): Step<never> {
  const { useFieldSelector, version: resourceVersion } = state;
  const timeoutSeconds = TIMEOUT_SECONDS.least + Math.floor(context.random * (TIMEOUT_SECONDS.spread + 1));
  return {
    state: { ...state, nextAction: 'watch', openedAt: undefined },
    effects: [{ type: 'watch', useFieldSelector, resourceVersion, timeoutSeconds }],
  };
}

function wait(state: WatchState, ms: number, untilRecovered: boolean): Step<never> {
  return {
    state: { ...state, failures: state.failures + 1 },
    effects: [{ type: 'wait', ms, untilRecovered }],
  };
}

function prepend<T>(effect: WatchEffect<T>, step: Step<never>): Step<T> {
  return { state: step.state, effects: [effect, ...step.effects] };
}

/** Versions are ascending decimal numbers of any length (KEP-5504). */
function isOlder(version: string, than: string): boolean {
  return version.length === than.length ? version < than : version.length < than.length;
}
