import type { KubeObject } from '../core/model/objects.ts';
import type { Api } from './api.ts';
import { type BackoffLimits, delayMs } from './backoff.ts';
import { ApiError, errorText } from './errors.ts';
import type { Log } from './log.ts';
import type { Clock, Random } from './transport.ts';
import { sleep } from './wait.ts';

/** The object that the event is about (`involvedObject`). */
export interface Regarding {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  resourceVersion?: string;
}

export interface EventDetails {
  regarding: Regarding;
  type: 'Normal' | 'Warning';
  /** In UpperCamelCase, machine-readable: `EnsuredLoadBalancer`. */
  reason: string;
  message: string;
}

export interface EventRecorder {
  /** Returns at once; the event is written later, or dropped. */
  record(details: EventDetails): void;
  /** Events that are neither written nor dropped yet. */
  pending(): number;
  /** Events that were dropped: writing them failed, or the queue was full. */
  dropped(): number;
  /** Call it when `isBusy` may have become false. */
  wake(): void;
  /** Resolves when nothing is pending, also after `close`. */
  idle(): Promise<void>;
  /** Drops pending events, aborts requests in flight, and ignores events recorded later. */
  close(): void;
}

export interface EventRecorderOptions {
  /** `source.component` of the events: the reporting controller. */
  component: string;
  /** `source.host`: the replica. */
  instance: string;
  clock: Clock;
  random: Random;
  log: Log;
  /**
   * Maximum queue length. If it is exceeded, the oldest events are dropped, because the newest describe the
   * current state.
   */
  capacity?: number;
  /**
   * Whether more urgent requests are being sent. Events then wait, and after a while are sent one at a time.
   */
  isBusy?: () => boolean;
}

/** Events are less important than the changes they report, so they get few connections. */
const CONCURRENCY = 2;
/** During a long burst, events must still explain why a Service is pending. */
const MAX_HELD_MS = 5_000;
const MAX_ATTEMPTS = 4;
const LIMITS: BackoffLimits = { initialMs: 500, maxMs: 15_000 };

/** core/v1 Event as written. Without eventTime, the API server only validates that the namespace matches. */
interface CoreEvent extends KubeObject {
  involvedObject: Regarding;
  type: string;
  reason: string;
  message: string;
  source: { component: string; host: string };
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
  reportingComponent: string;
  reportingInstance: string;
}

export function createEventRecorder(api: Api, options: EventRecorderOptions): EventRecorder {
  const { clock, random, log, capacity = 4_000, isBusy = () => false } = options;
  const closed = new AbortController();
  const queue: QueuedEvent[] = [];
  let heldSince: number | undefined;
  /** UIDs of the objects whose events are in flight: two events of one object must keep their order. */
  const inFlight = new Set<string>();
  let idleWaiters: (() => void)[] = [];
  let serial = 0;
  let overflowed = 0;
  let dropped = 0;
  /**
   * Events dropped since the last successful write. While it is not zero, each event gets a single attempt.
   */
  let failed = 0;

  function concurrency(): number {
    if (!isBusy()) {
      heldSince = undefined;
      return CONCURRENCY;
    }
    heldSince ??= clock.now();
    return clock.now() - heldSince >= MAX_HELD_MS ? 1 : 0;
  }

  function fill(): void {
    while (inFlight.size < concurrency()) {
      const next = queue[0];
      const uid = next?.details.regarding.uid ?? '';
      if (next === undefined || inFlight.has(uid)) break;
      queue.shift();
      inFlight.add(uid);
      // `write` does not reject.
      void write(coreEvent(next, options)).then(() => {
        inFlight.delete(uid);
        fill();
      });
    }
    if (queue.length + inFlight.size > 0) return;
    if (overflowed > 0 && !closed.signal.aborted) {
      log.info('The event queue is empty again', { dropped: overflowed });
      overflowed = 0;
    }
    const done = idleWaiters;
    idleWaiters = [];
    for (const resolve of done) resolve();
  }

  async function write(event: CoreEvent): Promise<void> {
    const path = `/api/v1/namespaces/${event.metadata.namespace}/events`;
    for (let attempt = 0; !closed.signal.aborted; attempt += 1) {
      try {
        await api.create(path, event, closed.signal);
        return succeeded();
      } catch (error) {
        if (closed.signal.aborted || namespaceIsGone(error)) return;
        // The name is ours: an earlier attempt succeeded, but its response was lost.
        if (error instanceof ApiError && error.status === 409) return succeeded();
        const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
        const last = isInvalid(error) || failed > 0 || attempt + 1 >= MAX_ATTEMPTS;
        if (last) drop(error);
        // Also after the last attempt: the next event is sent to the same server.
        if (!isInvalid(error)) {
          await sleep(clock, delayMs(attempt, random(), LIMITS, retryAfterMs), closed.signal);
        }
        if (last) return;
      }
    }
  }

  function succeeded(): void {
    if (failed > 0) log.info('Writing events succeeds again', { dropped: failed });
    failed = 0;
  }

  function drop(error: unknown): void {
    if (failed === 0) {
      log.warn('Cannot write an event; further failures are only counted', {
        error: errorText(error),
      });
    }
    failed += 1;
    dropped += 1;
  }

  return {
    record(details) {
      if (closed.signal.aborted) return;
      serial += 1;
      queue.push({ details, serial, wall: clock.wall() });
      if (queue.length > capacity) {
        queue.shift();
        if (overflowed === 0) log.warn('The event queue is full; dropping the oldest events');
        overflowed += 1;
        dropped += 1;
      }
      fill();
    },
    pending: () => queue.length + inFlight.size,
    dropped: () => dropped,
    wake() {
      if (queue.length > 0) fill();
    },
    idle() {
      if (queue.length + inFlight.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        idleWaiters.push(resolve);
      });
    },
    close() {
      queue.length = 0;
      closed.abort(new Error('the event recorder was closed'));
      fill();
    },
  };
}

/** An event in the queue. */
interface QueuedEvent {
  readonly details: EventDetails;
  readonly serial: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

function coreEvent({ details, serial, wall }: QueuedEvent, options: EventRecorderOptions): CoreEvent {
  const { component, instance, random } = options;
  const { namespace, name } = details.regarding;
  const now = `${new Date(wall).toISOString().slice(0, 19)}Z`;
  // Unique among replicas and restarts, so that a repeated POST is rejected instead of shown twice.
  // client-go's form is the object's name and a hexadecimal time; a name has at most 253 characters.
  const suffix = [wall, serial, Math.floor(random() * 0x10000)].map((part) => part.toString(16)).join('-');
  const stem = name.slice(0, 252 - suffix.length).replace(/[^a-z0-9]+$/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${stem}.${suffix}`, namespace },
    involvedObject: details.regarding,
    type: details.type,
    reason: details.reason,
    message: truncated(singleLine(details.message), 1024),
    source: { component, host: instance },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/** Replaces characters that a terminal would interpret, because the text may come from any user's Service. */
function singleLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

/**
 * Cuts the text to at most `maxBytes` bytes of UTF-8, without splitting a character, and marks the cut with
 * an ellipsis.
 */
function truncated(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes - Buffer.byteLength('…');
  // 10xxxxxx is a continuation byte.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
}

/** A terminating namespace answers 403 with the cause NamespaceTerminating; a missing one, 404. */
function namespaceIsGone(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.causes.includes('NamespaceTerminating'));
}

/** The event will never be accepted; others may. */
function isInvalid(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 400 || error.status === 422);
}
