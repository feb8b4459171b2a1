import type { KubeObject } from '../core/model/objects.ts';
import type { Api } from './api.ts';
import { type BackoffLimits, delayMs } from './backoff.ts';
import { ApiError, errorText } from './errors.ts';
import type { Log } from './log.ts';
import type { Clock, Random } from './transport.ts';
import { sleep } from './wait.ts';

/** The object that `kubectl describe` shows the event under. */
export interface Regarding {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  resourceVersion?: string;
}

export interface EventNote {
  regarding: Regarding;
  type: 'Normal' | 'Warning';
  /** UpperCamelCase, for machines: `EnsuredLoadBalancer`. */
  reason: string;
  message: string;
}

export interface EventRecorder {
  /** Returns at once; the event is written when its turn comes, or dropped. */
  record(note: EventNote): void;
  /** Events that are neither written nor dropped yet. */
  pending(): number;
  /** Events that were given up, or pushed out of the queue. */
  dropped(): number;
  /** There may be time for events again (`isBusy`). */
  wake(): void;
  /** Resolves when nothing is pending, also after `close`. */
  idle(): Promise<void>;
  /** Drops what is pending, ends what is under way, and ignores what is recorded later. */
  close(): void;
}

export interface EventRecorderOptions {
  /** `source.component` of the events: who says so. */
  component: string;
  /** `source.host`: which of several replicas. */
  instance: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** How many wait at most; beyond that the oldest go, as the newest say what is the case now. */
  capacity?: number;
  /** Whether there is something more urgent to send: events then wait, and after a while go out one at a time. */
  isBusy?: () => boolean;
}

/** Events are worth little and must never be in the way of what they tell about. */
const LANES = 2;
/** Who looks at a Service during a long burst is to see why it waits. */
const MOST_HELD_MS = 5_000;
const ATTEMPTS = 4;
const LIMITS: BackoffLimits = { firstMs: 500, mostMs: 15_000 };

/** core/v1 Event as it is written. Without eventTime the API server holds it to no more than a matching namespace. */
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
  const stopped = new AbortController();
  const queue: Recorded[] = [];
  let heldSince: number | undefined;
  /** UIDs of the objects whose events are under way: two events of one object must not overtake each other. */
  const busy = new Set<string>();
  let waiters: (() => void)[] = [];
  let serial = 0;
  let overflowed = 0;
  let dropped = 0;
  /** Events given up since the last one that was written; while it is not zero, each gets one attempt only. */
  let failed = 0;

  function concurrency(): number {
    if (!isBusy()) {
      heldSince = undefined;
      return LANES;
    }
    heldSince ??= clock.now();
    return clock.now() - heldSince >= MOST_HELD_MS ? 1 : 0;
  }

  function fill(): void {
    while (busy.size < concurrency()) {
      const next = queue[0];
      const uid = next?.note.regarding.uid ?? '';
      if (next === undefined || busy.has(uid)) break;
      queue.shift();
      busy.add(uid);
      // `write` does not reject.
      void write(coreEvent(next, options)).then(() => {
        busy.delete(uid);
        fill();
      });
    }
    if (queue.length + busy.size > 0) return;
    if (overflowed > 0 && !stopped.signal.aborted) {
      log.info('the queue of events is empty again', { dropped: overflowed });
      overflowed = 0;
    }
    const done = waiters;
    waiters = [];
    for (const resolve of done) resolve();
  }

  async function write(event: CoreEvent): Promise<void> {
    const path = `/api/v1/namespaces/${event.metadata.namespace}/events`;
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      try {
        await api.create(path, event, stopped.signal);
        return settled();
      } catch (error) {
        if (stopped.signal.aborted || namespaceIsGone(error)) return;
        // Our own name: an earlier attempt arrived, only its answer did not.
        if (error instanceof ApiError && error.status === 409) return settled();
        const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
        const last = isInvalid(error) || failed > 0 || attempt + 1 >= ATTEMPTS;
        if (last) giveUp(error);
        // Also after the last attempt: the next event would meet the same server.
        if (!isInvalid(error)) {
          await sleep(clock, delayMs(attempt, random(), LIMITS, retryAfterMs), stopped.signal);
        }
        if (last) return;
      }
    }
  }

  function settled(): void {
    if (failed > 0) log.info('events are written again', { dropped: failed });
    failed = 0;
  }

  function giveUp(error: unknown): void {
    if (failed === 0) {
      log.warn('an event could not be written; the next failures are only counted', {
        error: errorText(error),
      });
    }
    failed += 1;
    dropped += 1;
  }

  return {
    record(note) {
      if (stopped.signal.aborted) return;
      serial += 1;
      queue.push({ note, serial, wall: clock.wall() });
      if (queue.length > capacity) {
        queue.shift();
        if (overflowed === 0) log.warn('too many events wait to be written; the oldest are dropped');
        overflowed += 1;
        dropped += 1;
      }
      fill();
    },
    pending: () => queue.length + busy.size,
    dropped: () => dropped,
    wake() {
      if (queue.length > 0) fill();
    },
    idle() {
      if (queue.length + busy.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        waiters.push(resolve);
      });
    },
    close() {
      queue.length = 0;
      stopped.abort(new Error('the event recorder was closed'));
      fill();
    },
  };
}

/** What waits for its turn. */
interface Recorded {
  readonly note: EventNote;
  readonly serial: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

function coreEvent({ note, serial, wall }: Recorded, options: EventRecorderOptions): CoreEvent {
  const { component, instance, random } = options;
  const { namespace, name } = note.regarding;
  const now = `${new Date(wall).toISOString().slice(0, 19)}Z`;
  // Unique among replicas and restarts, so that a repeated POST is refused rather than shown twice. client-go's
  // form is the object's name and a hexadecimal time; a name is 253 characters at most.
  const suffix = [wall, serial, Math.floor(random() * 0x10000)].map((part) => part.toString(16)).join('-');
  const stem = name.slice(0, 252 - suffix.length).replace(/[^a-z0-9]+$/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${stem}.${suffix}`, namespace },
    involvedObject: note.regarding,
    type: note.type,
    reason: note.reason,
    message: cut(oneLine(note.message), 1024),
    source: { component, host: instance },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/** People read it with kubectl: what a terminal would act on, which may come from anybody's Service, is a space. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** At most so many bytes of UTF-8, no character cut in two, an ellipsis where something is missing. */
function cut(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= most) return text;
  let end = most - Buffer.byteLength('…');
  // 10xxxxxx continues a character that began before.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
}

/** NamespaceTerminating comes as a 403 with that cause; without its namespace the collection is a 404. */
function namespaceIsGone(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.causes.includes('NamespaceTerminating'));
}

/** This event will never be accepted; another one may. */
function isInvalid(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 400 || error.status === 422);
}
