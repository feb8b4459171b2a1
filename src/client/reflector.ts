import type { KubeObject } from '../core/model/objects.ts';
import type { Api, Query, WatchEvent } from './api.ts';
import { ApiError, asConnectionError, ConnectionError } from './errors.ts';
import type { ListPart } from './list-parts.ts';
import type { Log } from './log.ts';
import type { Clock, Random } from './transport.ts';
import { deadline, sleep } from './wait.ts';
import type { WatchFailure } from './watch-failure.ts';
import { initialWatchState, type WatchEffect, type WatchInput, watchStep } from './watch-state.ts';

export interface WatchSource<T> {
  /** `/api/v1/services`, `/api/v1/namespaces/kube-system/configmaps`… */
  path: string;
  fieldSelector?: string;
  labelSelector?: string;
  /** What is kept of an object; called while a list is read, so that whole objects are garbage at once. */
  project(object: KubeObject): T;
  /**
   * The field selector once more, as a function. A server that refuses the selector is read unfiltered; what does
   * not match is then left out of lists, and a change to it is delivered as deleted (of an item never seen, maybe).
   */
  matches?(object: KubeObject): boolean;
}

/** Called synchronously and in order, never after the signal was aborted. What it throws ends the reflector. */
export interface Sink<T> {
  /** The whole world: what is not in it does not exist. Again after every relist. */
  replaced(items: T[], resourceVersion: string): void;
  upserted(item: T, resourceVersion: string): void;
  /** With the last content that the server knew. */
  deleted(item: T, resourceVersion: string): void;
  /** A bookmark: everything up to this version has been delivered. */
  observed?(resourceVersion: string): void;
  /** Nothing moves for now, and why; again for every attempt that fails. Without it the log gets a line. */
  failing?(error: Error, retryInMs: number): void;
  /** The watch is open after one or more `failing`. */
  recovered?(): void;
}

export interface ReflectOptions {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  log: Log;
  /** Called whenever anything happens: an answer, a piece of bytes, a failure, the end of a pause. */
  progressed?: () => void;
  /** Called whenever a list or a watch broke off, and is to be begun again. */
  failed?: () => void;
  /** An open watch without a byte for so long is given up. API servers send a bookmark about every minute. */
  idleTimeoutMs?: number;
}

/** Keeps a sink told of a collection until the signal is aborted; then, and only then, the promise resolves. */
export async function reflect<T>(
  api: Api,
  source: WatchSource<T>,
  sink: Sink<T>,
  options: ReflectOptions,
): Promise<void> {
  const { clock, random, signal, log } = options;
  let state = initialWatchState();

  /** One step: delivers what it says, and returns the action if there is one. */
  function advance(input: WatchInput<T>): Action<T> | undefined {
    options.progressed?.();
    const next = watchStep(state, input, { now: clock.now(), random: random() });
    state = next.state;
    let action: Action<T> | undefined;
    for (const effect of next.effects) {
      // The sink itself may be what aborts.
      if (signal.aborted) return undefined;
      if (effect.type === 'failing') options.failed?.();
      if (isAction(effect)) action = effect;
      else deliver(effect, source, sink, log);
    }
    return action;
  }

  let action = advance({ type: 'start' });
  while (action !== undefined && !signal.aborted) {
    switch (action.type) {
      case 'wait':
        await sleep(clock, action.ms, signal);
        action = advance({ type: 'waited' });
        break;
      case 'list': {
        const input: WatchInput<T> = await listAll(api, source, action, options);
        action = signal.aborted ? undefined : advance(input);
        break;
      }
      case 'watch':
        action = await follow(api, source, action, options, advance);
        break;
    }
  }
}

type Action<T> = Extract<WatchEffect<T>, { type: 'list' | 'watch' | 'wait' }>;
type Delivery<T> = Exclude<WatchEffect<T>, Action<T>>;

function isAction<T>(effect: WatchEffect<T>): effect is Action<T> {
  return effect.type === 'list' || effect.type === 'watch' || effect.type === 'wait';
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
    case 'unselected':
      log.info('the API server cannot select by field; reading all objects and choosing here', {
        path: source.path,
        fieldSelector: source.fieldSelector,
        error: effect.error.message,
      });
      break;
  }
}

async function listAll<T>(
  api: Api,
  source: WatchSource<T>,
  action: Extract<WatchEffect<T>, { type: 'list' }>,
  { signal, progressed }: ReflectOptions,
): Promise<WatchInput<T>> {
  const parts = api.list(source.path, selectors(source, action.selecting), signal)[Symbol.asyncIterator]();
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

/** Undefined at the end. Only the reading is guarded: what `project` throws is a bug and must come out. */
async function nextPart(parts: AsyncIterator<ListPart>): Promise<ListPart | WatchFailure | undefined> {
  try {
    const result = await parts.next();
    return result.done === true ? undefined : result.value;
  } catch (error) {
    return asFailure(error);
  }
}

/** Reads one watch to its end, and returns what to do then; nothing if the signal was aborted meanwhile. */
async function follow<T>(
  api: Api,
  source: WatchSource<T>,
  action: Extract<WatchEffect<T>, { type: 'watch' }>,
  options: ReflectOptions,
  advance: (input: WatchInput<T>) => Action<T> | undefined,
): Promise<Action<T> | undefined> {
  const { clock, signal } = options;
  const idle = deadline(clock, options.idleTimeoutMs ?? 150_000, signal, `watch ${source.path}: no byte`);
  const query = {
    ...selectors(source, action.selecting),
    resourceVersion: action.resourceVersion,
    allowWatchBookmarks: true,
    timeoutSeconds: action.timeoutSeconds,
  };
  let opened = false;
  let bug: { error: unknown } | undefined;
  let next: Action<T> | undefined;
  // Called from inside the client, which would take what a sink throws for a broken connection: it is kept apart.
  const heard = (): void => {
    idle.extend();
    options.progressed?.();
    if (opened) return;
    opened = true;
    try {
      advance({ type: 'opened' });
    } catch (error) {
      bug = { error };
      idle.abort(error);
    }
  };
  const events = api.watch(source.path, query, idle.signal, heard)[Symbol.asyncIterator]();
  try {
    while (next === undefined && !signal.aborted) {
      const input = await nextInput(events, source, idle.signal);
      if (bug !== undefined) throw bug.error;
      if (signal.aborted) return undefined;
      next = advance(input);
    }
    return signal.aborted ? undefined : next;
  } finally {
    // Ends the connection, also where a sink threw or an ERROR event has ended the watch before the server did.
    idle.abort(new ConnectionError('the watch was left', { mayHaveExecuted: true }));
    idle.release();
    await events.return?.();
  }
}

/** Only the reading is guarded here: what `project` throws is a bug and must come out. */
async function nextInput<T>(
  events: AsyncIterator<WatchEvent>,
  source: WatchSource<T>,
  idle: AbortSignal,
): Promise<WatchInput<T>> {
  let result: IteratorResult<WatchEvent>;
  try {
    result = await events.next();
  } catch (error) {
    if (idle.aborted) return { type: 'silent', error: asConnectionError(idle.reason) };
    return { type: 'failed', error: asFailure(error) };
  }
  return result.done === true ? { type: 'closed' } : toInput(result.value, source);
}

function toInput<T>(event: WatchEvent, source: WatchSource<T>): WatchInput<T> {
  if (event.type === 'ERROR') {
    const { object } = event;
    const asked = { verb: 'watch', path: source.path } as const;
    return {
      type: 'failed',
      error: new ApiError(asked, typeof object.code === 'number' ? object.code : 500, object),
    };
  }
  const resourceVersion = event.object.metadata.resourceVersion ?? '';
  if (event.type === 'BOOKMARK') return { type: 'bookmark', resourceVersion };
  const gone = event.type === 'DELETED' || source.matches?.(event.object) === false;
  return { type: 'changed', item: source.project(event.object), resourceVersion, gone };
}

function selectors<T>(source: WatchSource<T>, selecting: boolean): Query {
  return {
    fieldSelector: selecting ? source.fieldSelector : undefined,
    labelSelector: source.labelSelector,
  };
}

function asFailure(error: unknown): WatchFailure {
  return error instanceof ApiError ? error : asConnectionError(error);
}
