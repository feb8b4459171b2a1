export interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Virtual time: a queue of events, which only `step` runs. */
export class Scheduler {
  now = 0;
  #order = 0;
  /** A binary heap with the next event first. */
  readonly #heap: Event[] = [];

  at(time: number, run: () => void): Event {
    const event: Event = { at: Math.max(time, this.now), order: this.#order++, run, isCancelled: false };
    this.#heap.push(event);
    let child = this.#heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
    return event;
  }

  /** The time of the next event, or undefined. */
  get nextAt(): number | undefined {
    for (let first = this.#heap[0]; first?.isCancelled; first = this.#heap[0]) this.#pop();
    return this.#heap[0]?.at;
  }

  /** Runs the next event and everything that follows from it immediately. */
  async step(): Promise<void> {
    if (this.nextAt === undefined) throw new Error('no event is left');
    const event = this.#pop();
    if (event === undefined) return;
    this.now = event.at;
    event.run();
    await this.drain();
  }

  /** Waits until all settled promises have been handled. Nothing waits for real time. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  #pop(): Event | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.#heap[0] = last;
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === parent) return first;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
