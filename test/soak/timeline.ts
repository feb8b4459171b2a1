/** More lines than occur in a minute. */
const capacity = 100_000;

/** The last events of a run, to find out why a promise was broken. */
export class Timeline {
  #lines: string[] = [];
  readonly #began = performance.now();

  add(text: string): void {
    this.#lines.push(`${((performance.now() - this.#began) / 1000).toFixed(3).padStart(9)} s  ${text}`);
    if (this.#lines.length > 2 * capacity) this.#lines = this.#lines.slice(-capacity);
  }

  /** The lines about one of the Services in this text, and those about no Service. */
  about(text: string): string[] {
    const keys = [...(text.match(service) ?? [])];
    return this.#lines.filter((line) => {
      const named = [...(line.match(service) ?? [])];
      return named.length === 0 || named.some((key) => keys.includes(key));
    });
  }
}

/** The names from users.ts. */
const service = /\b[a-z]+\/s-\d+\b/g;
