import type { Clock } from '../client/transport.ts';
import { History } from './change-history.ts';
import type { News, Role } from './page-data.ts';
import type { PageSnapshot } from './page-snapshot.ts';

export interface LiveContext {
  readonly take: () => PageSnapshot;
  readonly role: () => Role;
  readonly clock: Clock;
}

type Listener = (news: News) => void;

/** Looks at the world at most so often while somebody listens, and while nobody does. */
const pauseMs = { watched: 250, alone: 5_000 };
/** After each look it rests for so many times as long as the look took: a tenth of a core at most. */
const rest = 9;
/** Also where nothing changes: who leads may have, and a connection that is dead is found by writing to it. */
const beatMs = 15_000;
/** More tabs than people have; each costs a connection. */
const mostListeners = 32;

/**
 * The newest snapshot, and who wants to be told of the next. However often the world changes, and however many ask, it is
 * looked at only now and then: the controller has other work to do.
 */
export class Live {
  readonly #context: LiveContext;
  readonly #history = new History();
  readonly #listeners = new Set<Listener>();
  #snapshot: PageSnapshot;
  #revision = 0;
  /** How many Services had changed at the last look. */
  #changed = 0;
  #isStale = false;
  #takenAt = 0;
  #costMs = 0;
  #cancelLook: (() => void) | undefined;
  #cancelBeat: (() => void) | undefined;

  constructor(context: LiveContext) {
    this.#context = context;
    this.#snapshot = this.#look();
  }

  get history(): History {
    return this.#history;
  }

  /** As it is now, or was a moment ago. */
  get snapshot(): PageSnapshot {
    if (this.#isStale && this.#context.clock.now() >= this.#earliest(true)) this.#renew();
    return this.#snapshot;
  }

  /** What there is to tell to whoever begins to listen, or has not heard anything for a while. */
  get news(): News {
    return { revision: this.#revision, role: this.#context.role(), changed: 0, newest: undefined };
  }

  /** Something has changed. */
  changed(): void {
    this.#isStale = true;
    this.#schedule();
  }

  /** Has it told of news; gives what ends that, undefined where there are too many already. */
  follow(listener: Listener): (() => void) | undefined {
    if (this.#listeners.size >= mostListeners) return undefined;
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#cancelLook?.();
      this.#cancelLook = undefined;
      this.#schedule();
      this.#beat();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#cancelBeat?.();
    };
  }

  close(): void {
    this.#cancelLook?.();
    this.#cancelBeat?.();
  }

  #earliest(isWatched: boolean): number {
    const pause = isWatched ? pauseMs.watched : pauseMs.alone;
    return this.#takenAt + Math.max(pause, rest * this.#costMs);
  }

  #schedule(): void {
    if (!this.#isStale || this.#cancelLook !== undefined) return;
    const ms = Math.max(0, this.#earliest(this.#listeners.size > 0) - this.#context.clock.now());
    this.#cancelLook = this.#context.clock.after(ms, () => {
      this.#cancelLook = undefined;
      try {
        if (this.#isStale) this.#renew();
      } catch {
        // A bug in the looking: it stays stale, and whoever asks is told. The work that is looked at goes on.
      }
    });
  }

  #renew(): void {
    this.#snapshot = this.#look();
    this.#revision += 1;
    this.#tell({ ...this.news, changed: this.#changed, newest: this.#history.changes[0] });
  }

  #look(): PageSnapshot {
    const { take, clock } = this.#context;
    const begun = clock.now();
    this.#takenAt = begun;
    const snapshot = take();
    this.#isStale = false;
    this.#changed = snapshot.isReady ? this.#history.look(snapshot.services, clock.wall()) : 0;
    this.#takenAt = clock.now();
    this.#costMs = this.#takenAt - begun;
    return snapshot;
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }

  #beat(): void {
    this.#cancelBeat = this.#context.clock.after(beatMs, () => {
      this.#tell(this.news);
      this.#beat();
    });
  }
}
