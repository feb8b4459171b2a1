import { SilentConnection } from './errors.ts';
import type { Clock, OnRecovered } from './transport.ts';

/** Resolves after `ms` milliseconds or when the signal aborts; the caller checks the signal. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish);
  });
}

/** Like `sleep`, and also ends when the API server answers again after an outage. */
export async function pause(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  onRecovered: OnRecovered | undefined,
): Promise<void> {
  const scope = abortScope(signal);
  const remove = onRecovered?.(() => scope.abort(undefined));
  await sleep(clock, ms, scope.signal);
  remove?.();
  scope.release();
}

/**
 * An abort signal that also follows an outer one. Call `release` when done, or the outer signal keeps a
 * reference.
 */
export interface AbortScope {
  signal: AbortSignal;
  abort(reason: unknown): void;
  release(): void;
}

/**
 * `AbortSignal.any` would work, but it keeps dependent signals until they are garbage-collected. With
 * thousands of requests under one long-lived signal, an explicit release is cheaper and predictable.
 */
export function abortScope(outer: AbortSignal): AbortScope {
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer.reason);
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => outer.removeEventListener('abort', follow),
  };
}

/** A scope that also aborts if neither `extend` nor `release` is called for `ms` milliseconds. */
export interface Deadline extends AbortScope {
  /** Restarts the timeout. */
  extend(): void;
  /** Removes the timeout; the scope still follows the outer signal. */
  lift(): void;
}

export function deadline(clock: Clock, ms: number, outer: AbortSignal, what: string): Deadline {
  const inner = abortScope(outer);
  const expire = (): void => inner.abort(new SilentConnection(`${what} within ${ms / 1000} s`));
  let cancel = clock.after(ms, expire);
  return {
    signal: inner.signal,
    abort: inner.abort,
    extend() {
      cancel();
      cancel = clock.after(ms, expire);
    },
    lift: () => cancel(),
    release() {
      cancel();
      inner.release();
    },
  };
}
