import type { Api, Precondition, Query, WatchEvent } from '../../src/client/api.ts';
import { ApiError, ConnectionError } from '../../src/client/errors.ts';
import type { EventDetails } from '../../src/client/events.ts';
import { Controller } from '../../src/controller/controller.ts';
import { PatchOrUpdate } from '../../src/controller/patch-or-update.ts';
import { pathOf } from '../../src/controller/write-service.ts';
import { formatAddress } from '../../src/core/ip/address.ts';
import type { ConfigMap, KubeObject } from '../../src/core/model/objects.ts';
import { Interner } from '../../src/core/text/interner.ts';
import { optionsOf } from '../simulator/replica.ts';
import type { Response, WriteRequest } from './cluster.ts';
import { dump } from './dump.ts';
import { type Basis, isWrite, type Request, type Stream, streamOf } from './requests.ts';

/** Everything that can happen to a controller. It is a deterministic function of these. */
export type Input =
  | { readonly do: 'follow' | 'lead' | 'lose' | 'timer' }
  /** Lists of the same version, by the keys of their requests. */
  | {
      readonly do: 'listed';
      readonly lists: Readonly<Record<string, readonly KubeObject[]>>;
      readonly version: number;
    }
  | {
      readonly do: 'event';
      readonly stream: Stream;
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
      readonly object: KubeObject;
    }
  | { readonly do: 'expired'; readonly stream: Stream }
  | { readonly do: 'answered'; readonly request: string; readonly response: Response }
  | { readonly do: 'failed'; readonly request: string; readonly why: Failure };

/** No response arrives, or admission denies the request. */
export type Failure = 'lost' | 'denied';

export interface ProcessOptions {
  readonly claims: boolean;
  readonly concurrency: number;
  /**
   * Whether anything waits until all changes up to a version are known: a reservation of a claim, or an external IP. Otherwise the
   * version up to which they are known is not part of the state.
   */
  readonly hasBookmarks: boolean;
  /** Fields that are not part of the state by mistake: a planted fault. */
  readonly mistaken?: readonly string[];
}

/** A timer that is due later than this only repeats reports or detects silent connections. */
const longMs = 30_000;
const bootMs = 4_000_000_000;

interface Waiting {
  readonly request: Request;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

interface OpenWatch {
  readonly stream: Stream;
  readonly from: string;
  readonly openedAt: number;
  readonly push: (event: WatchEvent) => void;
}

/** One real controller on an API whose every response is an input. The clock moves only when a timer fires. */
export class Process {
  readonly controller: Controller;
  readonly #waiting = new Map<string, Waiting>();
  readonly #watches = new Map<Stream, OpenWatch>();
  readonly #timers = new Set<{ readonly at: number; readonly ms: number; readonly run: () => void }>();
  /** What the loop of a watch remembers: 410 responses, and failed lists. */
  readonly #interruptions = new Map<string, string[]>();
  /**
   * What the closures of requests to one object remember: their failures, as long as one of them waits. A read after a rejected
   * write continues the same work.
   */
  readonly #failures = new Map<string, string[]>();
  /** The allocation records that were written, by the digest of which alone WriteConflicts remembers. */
  readonly #digests = new Map<number, string>();
  readonly #basis = new Map<string, Basis>();
  readonly #known = new Map<string, KubeObject>();
  readonly #warnings = new Map<string, string>();
  readonly #listed = new Set<Stream | 'nodes'>();
  readonly #claims: boolean;
  /** Fields of the product that are no part of its state: the health of watches is for probes only, and conflicts are a cache. */
  readonly #ignored: ReadonlySet<string>;
  readonly #stop = new AbortController();
  readonly #harness: ReadonlySet<unknown>;
  #configMap: ConfigMap | undefined;
  #now = bootMs;
  #leadership: AbortController | undefined;
  /** The first promise that it broke by itself. */
  broken: string | undefined;

  constructor({ claims, concurrency, hasBookmarks, mistaken = [] }: ProcessOptions) {
    this.#ignored = new Set([
      '$activeAt',
      '$conflicts',
      ...(hasBookmarks ? [] : ['$knownVersion']),
      ...mistaken,
    ]);
    this.#claims = claims;
    const api = this.#api();
    const clock = {
      now: () => this.#now,
      wall: () => Date.UTC(2030, 0, 1),
      after: (ms: number, run: () => void) => {
        const timer = { at: this.#now + ms, ms, run };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    };
    const ignore = (): void => {};
    const log = { info: ignore, warn: ignore, error: ignore };
    const events = {
      record: (details: EventDetails) => this.#record(details),
      pending: () => 0,
      dropped: () => 0,
      wake: ignore,
      idle: () => Promise.resolve(),
      close: ignore,
    };
    const options = optionsOf({ claims });
    this.controller = new Controller({
      ...{ api, clock, log, events, options, concurrency },
      sender: new PatchOrUpdate(api, log),
      random: () => 0.5,
      interner: new Interner(),
      lease: 'kube-system/test',
    });
    this.#harness = new Set<unknown>([api, clock, log, events, options]);
    this.controller.run(this.#stop.signal).catch((error: unknown) => {
      this.broken ??= `Alone: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    });
  }

  /** Processes an input, and everything that follows from it at once. */
  async take(input: Input): Promise<void> {
    this.#apply(input);
    await settled();
    // What is due now is no delay.
    for (let due = this.#due(0); due !== undefined; due = this.#due(0)) {
      this.#timers.delete(due);
      due.run();
      await settled();
    }
    if (this.hasTimer) return;
    for (const subject of this.#failures.keys()) if (!this.#waitsFor(subject)) this.#failures.delete(subject);
    for (const key of this.#basis.keys()) if (!this.#waiting.has(key)) this.#basis.delete(key);
  }

  /** Frees what it uses. */
  stop(): void {
    this.#stop.abort(new Error('stopped'));
  }

  get requests(): readonly Request[] {
    return [...this.#waiting.values()].map(({ request }) => request);
  }

  /** The version from which each open watch began. */
  get watches(): ReadonlyMap<Stream, string> {
    return new Map([...this.#watches].map(([stream, { from }]) => [stream, from]));
  }

  get hasTimer(): boolean {
    return this.#due(longMs - 1) !== undefined;
  }

  /** The last warning about each Service, by its UID. */
  get warnings(): ReadonlyMap<string, string> {
    return this.#warnings;
  }

  /** Its whole state as a text. */
  text(): string {
    const timers = [...this.#timers].filter(({ ms }) => ms < longMs).map(({ at }) => at - this.#now);
    const rest: Record<string, unknown> = {
      requests: this.requests.map(({ key }) => key),
      basis: [...this.#basis]
        .filter(([key]) => key.includes('/services/'))
        .map(([key, { data, inUse, known }]) => [key, data, inUse, versionsOf(Object.values(known))]),
      streams: [...this.#watches.values()].map(({ stream, openedAt }) =>
        this.#interruptions.has(stream) ? [stream, this.#now - openedAt] : stream,
      ),
      interruptions: [...this.#interruptions],
      known: versionsOf(this.#known.values()),
      // Its content is compared with the next one.
      configMap: [this.#configMap?.metadata.uid, this.#configMap?.data],
      failures: [...this.#failures],
      timers: timers.sort((a, b) => a - b),
      warned: [...this.#warnings.keys()].sort(),
      listed: [...this.#listed].sort(),
      broken: this.broken,
    };
    for (const name of this.#ignored) delete rest[name];
    return `${JSON.stringify(rest)}\n${dump(this.controller, { ...{ harness: this.#harness, bootMs, now: this.#now }, digests: this.#digests, ignored: this.#ignored })}`;
  }

  #apply(input: Input): void {
    switch (input.do) {
      case 'follow':
        this.controller.follow();
        break;
      case 'lead': {
        const leadership = new AbortController();
        this.#leadership = leadership;
        this.#listed.clear();
        const remainingMs = (): number => (leadership.signal.aborted ? 0 : Number.POSITIVE_INFINITY);
        this.controller.lead({ remainingMs, signal: leadership.signal });
        break;
      }
      case 'lose':
        this.#leadership?.abort(new Error('the Lease is lost'));
        break;
      case 'timer': {
        const due = this.#due(longMs - 1);
        if (due === undefined) break;
        this.#timers.delete(due);
        this.#now = Math.max(this.#now, due.at);
        due.run();
        break;
      }
      case 'listed':
        for (const [key, objects] of Object.entries(input.lists))
          this.#listAnswered(key, objects, input.version);
        break;
      case 'event':
        this.#event(input);
        break;
      case 'expired': {
        const watch = this.#watches.get(input.stream);
        watch?.push({
          type: 'ERROR',
          object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
        });
        this.#watches.delete(input.stream);
        append(this.#interruptions, input.stream, 'expired');
        break;
      }
      case 'answered':
        this.#answered(input);
        break;
      case 'failed':
        this.#failed(input);
        break;
    }
  }

  #listAnswered(key: string, objects: readonly KubeObject[], version: number): void {
    const waiting = this.#take(key);
    if (waiting?.request.verb !== 'list') return;
    const { stream } = waiting.request;
    this.#listed.add(stream);
    if (stream === 'services') this.#known.clear();
    if (stream === 'configmap') this.#configMap = objects[0] as ConfigMap | undefined;
    else if (stream === 'services') for (const object of objects) this.#learn(object);
    waiting.resolve({ objects, version } as never);
  }

  #event({ stream, type, object }: Extract<Input, { do: 'event' }>): void {
    const watch = this.#watches.get(stream);
    if (watch === undefined) return;
    if (stream === 'configmap' && type !== 'BOOKMARK')
      this.#configMap = type === 'DELETED' ? undefined : (object as ConfigMap);
    if (stream === 'services' && type === 'DELETED') this.#known.delete(nameOf(object));
    else if (stream === 'services' && type !== 'BOOKMARK') this.#learn(object);
    watch.push({ type, object });
  }

  #answered({ request, response }: Extract<Input, { do: 'answered' }>): void {
    const waiting = this.#take(request);
    if (waiting === undefined) return;
    // A rejected write is followed by a read, and may be repeated.
    if ('object' in response && isWrite(waiting.request)) this.#failures.delete(subjectOf(waiting.request));
    this.#basis.delete(request);
    if ('object' in response) {
      if (request.includes('/services/')) this.#learn(response.object);
      waiting.resolve(response.object as never);
    } else waiting.reject(apiError(waiting.request, response.status, response.message));
  }

  #failed({ request, why }: Extract<Input, { do: 'failed' }>): void {
    const waiting = this.#take(request);
    if (waiting === undefined) return;
    if (why === 'denied') {
      this.#basis.delete(request);
      waiting.reject(apiError(waiting.request, 403, 'admission webhook "x" denied the request'));
      return;
    }
    const subject = subjectOf(waiting.request);
    append(waiting.request.verb === 'list' ? this.#interruptions : this.#failures, subject, why);
    waiting.reject(new ConnectionError('connection reset', { mayHaveExecuted: true }));
  }

  #waitsFor(subject: string): boolean {
    return this.requests.some((request) => subjectOf(request) === subject);
  }

  #take(key: string): Waiting | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting;
  }

  #learn(object: KubeObject): void {
    const known = this.#known.get(nameOf(object));
    if (
      known === undefined ||
      Number(known.metadata.resourceVersion) < Number(object.metadata.resourceVersion)
    )
      this.#known.set(nameOf(object), object);
  }

  #due(ms: number): { readonly at: number; readonly ms: number; readonly run: () => void } | undefined {
    let first: { readonly at: number; readonly ms: number; readonly run: () => void } | undefined;
    for (const timer of this.#timers) {
      if (ms === 0 ? timer.at > this.#now : timer.ms > ms) continue;
      if (first === undefined || timer.at < first.at) first = timer;
    }
    return first;
  }

  #record({ regarding, type, message }: EventDetails): void {
    if (type === 'Warning' && regarding.kind === 'Service') this.#warnings.set(regarding.uid, message);
  }

  #send<T>(request: Request, signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (signal.aborted) {
      reject(signal.reason);
      return promise;
    }
    let { key } = request;
    for (let n = 2; this.#waiting.has(key); n += 1) key = `${request.key} (${n})`;
    const waiting = { request: { ...request, key }, resolve: resolve as (value: never) => void, reject };
    this.#waiting.set(key, waiting);
    signal.addEventListener('abort', () => {
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      reject(signal.reason);
    });
    return promise;
  }

  #write<T>(write: WriteRequest, signal: AbortSignal): Promise<T> {
    const key = `${write.verb} ${write.path} ${JSON.stringify(write.body)}`;
    const required = this.#claims
      ? ['services', 'others', 'configmap', 'claims']
      : ['services', 'others', 'configmap'];
    if (
      key.includes('kube-vip.io/loadbalancerIPs":"') &&
      !required.every((one) => this.#listed.has(one as Stream))
    )
      this.broken ??= 'Adopt first: an address is written before all objects were listed';
    for (const record of recordsIn(write)) this.#digests.set(fnv(record), record);
    const basis = this.#basis.get(key) ?? {
      data: this.#configMap?.data,
      known: Object.fromEntries(this.#known),
      inUse: this.#usedByOthers(write.path),
    };
    this.#basis.set(key, basis);
    return this.#send<T>({ key, ...write, basis }, signal);
  }

  #usedByOthers(path: string): string[] {
    const { ledger } = this.controller.allocator;
    const others = [...ledger.all()].filter(({ view }) => pathOf(view) !== path);
    return [...new Set(others.flatMap(({ usedIPs }) => usedIPs.map(formatAddress)))].sort();
  }

  #api(): Api {
    const self = this;
    return {
      async *list(path, query, signal) {
        const stream = streamOf(path, query);
        const answer = await self.#send<{ objects: readonly KubeObject[]; version: number }>(
          { key: `list ${stream}`, verb: 'list', stream },
          signal,
        );
        yield { objects: answer.objects, resourceVersion: String(answer.version) };
      },
      get: (path, signal) => self.#send({ key: `get ${path}`, verb: 'get', path }, signal),
      create: (path, object, signal) => self.#write({ verb: 'create', path, body: object }, signal),
      update: (path, object, signal) => self.#write({ verb: 'update', path, body: object }, signal),
      mergePatch: (path, patch, signal) => self.#write({ verb: 'patch', path, body: patch }, signal),
      delete: (path, signal, preconditions?: Precondition) =>
        self.#write({ verb: 'delete', path, body: preconditions }, signal),
      async *read() {},
      watch: (path, query, signal, onBytes) => self.#watch(path, query, signal, onBytes),
    };
  }

  async *#watch(
    path: string,
    query: Query,
    signal: AbortSignal,
    onBytes: (() => void) | undefined,
  ): AsyncGenerator<WatchEvent> {
    const stream = streamOf(path, query) as Stream;
    const events: WatchEvent[] = [];
    let wake = (): void => {};
    const push = (event: WatchEvent): void => {
      events.push(event);
      wake();
    };
    const watch = { stream, from: String(query.resourceVersion), openedAt: this.#now, push };
    this.#watches.set(stream, watch);
    signal.addEventListener('abort', () => {
      if (this.#watches.get(stream) === watch) this.#watches.delete(stream);
      wake();
    });
    onBytes?.();
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const event = events.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function append(lists: Map<string, string[]>, key: string, one: string): void {
  lists.set(key, [...(lists.get(key) ?? []), one]);
}

/** What a request is about: a stream, or one object. */
function subjectOf(request: Request): string {
  if (request.verb === 'list') return request.stream;
  if (request.verb !== 'create') return request.path;
  return `${request.path}/${(request.body as KubeObject).metadata.name}`;
}

function versionsOf(known: Iterable<KubeObject>): unknown {
  return [...known].map(({ metadata }) => [metadata.name, metadata.uid, metadata.resourceVersion]);
}

function apiError(request: Request, code: number, message: string): ApiError {
  const path = 'path' in request ? request.path : request.key;
  const reasons: Record<number, string> = {
    404: 'NotFound',
    409: 'Conflict',
    403: 'Forbidden',
    422: 'Invalid',
  };
  return new ApiError({ verb: request.verb, path }, code, {
    kind: 'Status',
    code,
    reason: reasons[code] ?? '',
    message,
  });
}

/** All settled promises have been handled. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function recordsIn({ body }: WriteRequest): string[] {
  const { metadata } = body as Partial<KubeObject>;
  return Object.values(metadata?.annotations ?? {}).filter((text) => text?.startsWith('{'));
}

/** As in write-conflicts.ts. */
function fnv(text: string): number {
  let digest = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) digest = Math.imul(digest ^ text.charCodeAt(i), 0x01000193);
  return digest;
}
