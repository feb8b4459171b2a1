import { ConnectionError } from './errors.ts';
import type { Clock } from './transport.ts';

/** Resolves after `ms` milliseconds, or as soon as the signal aborts: the caller looks at the signal anyway. */
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

/** An abort signal of one's own that also follows another one. `release` when done, or the outer signal keeps it. */
export interface AbortScope {
  signal: AbortSignal;
  abort(reason: unknown): void;
  release(): void;
}

/**
 * `AbortSignal.any` would do, but it holds on to every dependent signal until the garbage collector comes by; with
 * thousands of requests under one long-lived signal an explicit release is cheaper and can be reasoned about.
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

/** A scope that also ends when nobody called `extend` or `release` for `ms` milliseconds. */
export interface Deadline extends AbortScope {
  /** Starts the time anew. */
  extend(): void;
  /** Lets it run without end from here on; it still follows the outer signal. */
  lift(): void;
}

export function deadline(clock: Clock, ms: number, outer: AbortSignal, what: string): Deadline {
  const inner = abortScope(outer);
  const expire = (): void =>
    inner.abort(new ConnectionError(`${what} within ${ms / 1000} s`, { mayHaveExecuted: true }));
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
