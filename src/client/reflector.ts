import type { KubeObject } from '../core/model/objects.ts';
import { type Api, type Query, type WatchEvent, withQuery } from './api.ts';
import { ApiError, asConnectionError, ConnectionError, SilentConnection } from './errors.ts';
import type { ListPart } from './list-parts.ts';
import type { Log } from './log.ts';
import type { Clock, OnRecovered, Random } from './transport.ts';
import { deadline, pause } from './wait.ts';
import type { WatchFailure } from './watch-failure.ts';
import { initialWatchState, type WatchEffect, type WatchInput, watchStep } from './watch-state.ts';

export interface WatchSource<T> {
  /** `/api/v1/services`, `/api/v1/namespaces/kube-system/configmaps`… */
  path: string;
  fieldSelector?: string;
  labelSelector?: string;
  /**
   * Extracts what is kept of an object. Called while a list is read, so that whole objects can be
   * garbage-collected at once.
   */
  project(object: KubeObject): T;
  /**
   * The field selector as a function. If a server rejects the selector, the collection is read unfiltered:
   * objects that do not match are omitted from lists, and changes to them are delivered as deletions,
   * possibly of items that were never delivered.
   */
  matches?(object: KubeObject): boolean;
}

/**
 * Receives the collection. Its methods are called synchronously and in order, never after the abort. If one
 * throws, the reflector rejects.
 */
export interface Sink<T> {
  /** The complete collection: anything else does not exist. Called again after each relist. */
  replaced(items: T[], resourceVersion: string): void;
  upserted(item: T, resourceVersion: string): void;
  /** With the last state that the server knew. */
  deleted(item: T, resourceVersion: string): void;
  /** A bookmark: all changes up to this version have been delivered. */
  observed?(resourceVersion: string): void;
  /** A list or watch failed; called for each failed attempt. If absent, the failure is logged. */
  failing?(error: Error, retryInMs: number): void;
  /** The watch is open again after one or more calls of `failing`. */
  recovered?(): void;
}

export interface ReflectOptions {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  log: Log;
  /** Called on all activity: a response, a chunk, a failure, the end of a delay. */
  progressed?: () => void;
  /** Called after each failed list or watch that will be retried. */
  failed?: (error: WatchFailure) => void;
  /** How long an open watch may be idle before it is closed: longer than its `timeoutSeconds`. */
  idleTimeoutMs?: number;
  onRecovered?: OnRecovered | undefined;
}

/**
 * Lists and watches a collection for a sink until the signal is aborted. The promise resolves then, and only
 * then.
 */
export async function reflect<T>(
  api: Api,
  source: WatchSource<T>,
  sink: Sink<T>,
  options: ReflectOptions,
): Promise<void> {
  const { clock, random, signal, log } = options;
  let state = initialWatchState();

  /** Runs one step: delivers its effects and returns its action, if any. */
  function advance(input: WatchInput<T>): Action<T> | undefined {
    options.progressed?.();
    const next = watchStep(state, input, { now: clock.now(), random: random() });
    state = next.state;
    let action: Action<T> | undefined;
    for (const effect of next.effects) {
      // The sink may abort the signal.
      if (signal.aborted) return undefined;
      if (effect.type === 'failing') options.failed?.(effect.error);
      if (isAction(effect)) action = effect;
      else deliver(effect, source, sink, log);
    }
    return action;
  }

  let action = advance({ type: 'start' });
  while (action !== undefined && !signal.aborted) {
    switch (action.type) {
      case 'wait':
        await pause(clock, action.ms, signal, action.untilRecovered ? options.onRecovered : undefined);
        action = advance({ type: 'waited' });
        break;
      case 'list': {
        const input: WatchInput<T> = await listAll(api, source, action, options);
        action = signal.aborted ? undefined : advance(input);
        break;
      }
      case 'check': {
        const input: WatchInput<T> = await check(api, source, action, options);
        action = signal.aborted ? undefined : advance(input);
        break;
      }
      case 'watch':
        action = await follow(api, source, action, options, advance);
        break;
    }
  }
}

type Action<T> = Extract<WatchEffect<T>, { type: 'list' | 'check' | 'watch' | 'wait' }>;
type Delivery<T> = Exclude<WatchEffect<T>, Action<T>>;

function isAction<T>(effect: WatchEffect<T>): effect is Action<T> {
  return ['list', 'check', 'watch', 'wait'].includes(effect.type);
}

function deliver<T>(effect: Delivery<T>, source: WatchSource<T>, sink: Sink<T>, log: Log): void {
  switch (effect.type) {
    case 'replaced':
      sink.replaced(effect.items, effect.resourceVersion);
      break;
    case 'upserted':
      sink.upserted(effect.item, effect.resourceVersion);
      break;
    case 'deleted':
      sink.deleted(effect.item, effect.resourceVersion);
      break;
    case 'observed':
      sink.observed?.(effect.resourceVersion);
      break;
    case 'recovered':
      sink.recovered?.();
      break;
    case 'failing':
      if (sink.failing !== undefined) sink.failing(effect.error, effect.retryInMs);
      else {
        const { fieldSelector } = source;
        log.warn(effect.error.message, { retryInMs: effect.retryInMs, fieldSelector });
      }
      break;
    case 'selectorRejected':
      log.info(
        'the API server does not support this field selector; listing all objects and filtering them locally',
        {
          path: source.path,
          fieldSelector: source.fieldSelector,
          error: effect.error.message,
        },
      );
      break;
  }
}

async function listAll<T>(
  api: Api,
  source: WatchSource<T>,
  action: Extract<WatchEffect<T>, { type: 'list' }>,
  { signal, progressed }: ReflectOptions,
): Promise<WatchInput<T>> {
  const parts = api
    .list(source.path, selectors(source, action.useFieldSelector), signal)
    [Symbol.asyncIterator]();
  const items: T[] = [];
  let resourceVersion = '';
  try {
    for (;;) {
      const part = await nextPart(parts);
      if (part instanceof Error) return { type: 'failed', error: part };
      if (part === undefined) return { type: 'listed', items, resourceVersion };
      progressed?.();
      resourceVersion = part.resourceVersion ?? '';
      for (const object of part.objects) {
        if (source.matches === undefined || source.matches(object)) items.push(source.project(object));
      }
    }
  } finally {
    await parts.return?.();
  }
}

/** Reads the version of the collection with one object at most. */
async function check<T>(
  api: Api,
  source: WatchSource<T>,
  action: Extract<WatchEffect<T>, { type: 'check' }>,
  { signal }: ReflectOptions,
): Promise<WatchInput<T>> {
  const query = { ...selectors(source, action.useFieldSelector), limit: 1 };
  try {
    const { metadata } = await api.get(withQuery(source.path, query), signal);
    return { type: 'checked', resourceVersion: metadata.resourceVersion ?? '' };
  } catch (error) {
    return { type: 'failed', error: asFailure(error) };
  }
}

/**
 * Returns undefined at the end. Catches read errors only: an error thrown by `project` is a bug and must
 * propagate.
 */
async function nextPart(parts: AsyncIterator<ListPart>): Promise<ListPart | WatchFailure | undefined> {
  try {
    const result = await parts.next();
    return result.done === true ? undefined : result.value;
  } catch (error) {
    return asFailure(error);
  }
}

/** Reads one watch to its end and returns the next action; undefined if the signal was aborted. */
async function follow<T>(
  api: Api,
  source: WatchSource<T>,
  action: Extract<WatchEffect<T>, { type: 'watch' }>,
  options: ReflectOptions,
  advance: (input: WatchInput<T>) => Action<T> | undefined,
): Promise<Action<T> | undefined> {
  const { clock, signal } = options;
  const idle = deadline(clock, options.idleTimeoutMs ?? 30_000, signal, `watch ${source.path}: no data`);
  const query = {
    ...selectors(source, action.useFieldSelector),
    resourceVersion: action.resourceVersion,
    allowWatchBookmarks: true,
    timeoutSeconds: action.timeoutSeconds,
  };
  let isOpen = false;
  let bug: { error: unknown } | undefined;
  let next: Action<T> | undefined;
  // Called inside the client, which would treat an error of the sink as a broken connection: keep it
  // separately.
  const onBytes = (): void => {
    idle.extend();
    options.progressed?.();
    if (isOpen) return;
    isOpen = true;
    try {
      advance({ type: 'opened' });
    } catch (error) {
      bug = { error };
      idle.abort(error);
    }
  };
  const events = api.watch(source.path, query, idle.signal, onBytes)[Symbol.asyncIterator]();
  try {
    while (next === undefined && !signal.aborted) {
      const input = await nextInput(events, source, idle.signal);
      if (bug !== undefined) throw bug.error;
      if (signal.aborted) return undefined;
      next = advance(input);
    }
    return signal.aborted ? undefined : next;
  } finally {
    // Closes the connection, also if the sink threw or an ERROR event ended the watch.
    idle.abort(new ConnectionError('stopped reading the watch', { mayHaveExecuted: true }));
    idle.release();
    await events.return?.();
  }
}

/** Catches read errors only: an error thrown by `project` is a bug and must propagate. */
async function nextInput<T>(
  events: AsyncIterator<WatchEvent>,
  source: WatchSource<T>,
  idle: AbortSignal,
): Promise<WatchInput<T>> {
  let result: IteratorResult<WatchEvent>;
  try {
    result = await events.next();
  } catch (error) {
    if (idle.aborted) return { type: 'idle', error: asConnectionError(idle.reason) };
    // The next watch starts at the last version, to prove that the connection works.
    if (error instanceof SilentConnection && error.isBrief) return { type: 'closed' };
    return { type: 'failed', error: asFailure(error) };
  }
  return result.done === true ? { type: 'closed' } : toInput(result.value, source);
}

function toInput<T>(event: WatchEvent, source: WatchSource<T>): WatchInput<T> {
  if (event.type === 'ERROR') {
    const { object } = event;
    const info = { verb: 'watch', path: source.path } as const;
    return {
      type: 'failed',
      error: new ApiError(info, typeof object.code === 'number' ? object.code : 500, object),
    };
  }
  const resourceVersion = event.object.metadata.resourceVersion ?? '';
  if (event.type === 'BOOKMARK') return { type: 'bookmark', resourceVersion };
  const isDeleted = event.type === 'DELETED' || source.matches?.(event.object) === false;
  return { type: 'changed', item: source.project(event.object), resourceVersion, isDeleted };
}

function selectors<T>(source: WatchSource<T>, useFieldSelector: boolean): Query {
  return {
    fieldSelector: useFieldSelector ? source.fieldSelector : undefined,
    labelSelector: source.labelSelector,
  };
}

function asFailure(error: unknown): WatchFailure {
  return error instanceof ApiError ? error : asConnectionError(error);
}
