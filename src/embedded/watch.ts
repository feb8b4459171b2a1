import type { Clock, Random } from '../client/transport.ts';
import type { Selects } from './list-objects.ts';
import { type ListOptions, requireReached } from './query.ts';
import type { Resource } from './resource.ts';
import { expired } from './status.ts';
import { type Store, type StoreChange, withRevision } from './store.ts';
import { WatchStream } from './watch-stream.ts';

interface StreamedEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: unknown;
}

const bookmarkEvery = 60_000;
/** The last bookmark comes this long before the end of a watch (apiserver's pkg/storage/cacher, bookmarkTimer). */
const bookmarkBeforeEnd = 2_000;
/** Without timeoutSeconds, a watch ends after one to two times this (--min-request-timeout). */
const leastTimeout = 1_800_000;

export interface Edge {
  store: Store;
  clock: Clock;
  random: Random;
}

/** Starts a watch. It ends at its timeout, with the signal, or when the reader stops reading. */
export function watch(
  { store, clock, random }: Edge,
  resource: Resource,
  selected: Selects,
  options: ListOptions,
  signal: AbortSignal,
): WatchStream {
  const collection = store.collection(resource.plural);
  const { resourceVersion: from, sendInitialEvents, bookmarks } = options;
  if (sendInitialEvents) requireReached(from, store.revision);
  const begin = from === '' || from === '0' || sendInitialEvents ? undefined : Number(from);
  const past = begin === undefined ? [] : collection.since(begin);

  const undo: (() => void)[] = [];
  const lines = new WatchStream(() => {
    for (const one of undo) one();
  });
  if (past === undefined) {
    // kube-apiserver also responds with 200 and sends the error in the stream.
    const { status } = expired(`too old resource version: ${begin} (${collection.oldest})`);
    lines.write({ type: 'ERROR', object: status } satisfies StreamedEvent);
    lines.end();
    return lines;
  }

  const send = (change: StoreChange): void => {
    const event = toEvent(change, selected);
    if (event !== undefined && change.revision > (begin ?? 0)) lines.write(event);
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = { resourceVersion: String(store.revision), ...(annotations ? { annotations } : {}) };
    const { kind, apiVersion } = resource;
    lines.write({ type: 'BOOKMARK', object: { kind, apiVersion, metadata } } satisfies StreamedEvent);
  };

  if (begin === undefined) {
    for (const object of collection.all()) {
      if (selected(object)) lines.write({ type: 'ADDED', object } satisfies StreamedEvent);
    }
    // KEP-3157: this bookmark marks the list as complete.
    if (sendInitialEvents && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' });
  }
  for (const change of past) send(change);
  undo.push(collection.watch(send));

  const asked = options.timeoutSeconds * 1000;
  const timeout = asked > 0 ? asked : leastTimeout * (1 + random());
  undo.push(clock.after(timeout, () => lines.end()));
  if (bookmarks) {
    undo.push(clock.after(Math.max(timeout - bookmarkBeforeEnd, timeout / 2), bookmark));
    undo.push(repeat(clock, bookmarkEvery, bookmark));
  }
  const abort = (): void => lines.end();
  signal.addEventListener('abort', abort, { once: true });
  undo.push(() => signal.removeEventListener('abort', abort));
  if (signal.aborted) lines.end();
  return lines;
}

function repeat(clock: Clock, every: number, act: () => void): () => void {
  let stop = clock.after(every, function again() {
    act();
    stop = clock.after(every, again);
  });
  return () => stop();
}

/**
 * A change as an event of a watch with a selector: an object that the selector newly selects is ADDED. One that it no
 * longer selects is DELETED, with the previous content and the new resourceVersion (apiserver's pkg/storage/cacher).
 */
function toEvent({ before, after, revision }: StoreChange, selected: Selects): StreamedEvent | undefined {
  const was = before !== undefined && selected(before);
  if (after !== undefined && selected(after)) return { type: was ? 'MODIFIED' : 'ADDED', object: after };
  return was ? { type: 'DELETED', object: withRevision(before, revision) } : undefined;
}
