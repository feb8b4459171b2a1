/** Prints a line for each test file that ends, and knows which ones run. */
export class Progress {
  readonly #total: number;
  readonly #write: (text: string) => void;
  readonly #startedAt = new Map<string, number>();
  #ended = 0;

  constructor(total: number, write: (text: string) => void) {
    this.#total = total;
    this.#write = write;
  }

  started(file: string): void {
    this.#startedAt.set(file, performance.now());
  }

  ended(file: string): void {
    const seconds = this.#secondsOf(file);
    this.#startedAt.delete(file);
    this.#ended += 1;
    const count = `${this.#ended}/${this.#total}`.padStart(7);
    this.#write(`${count}  ${file} (${seconds.toFixed(1)} s)\n`);
  }

  /** The files that have been running for longer than this. */
  runningFor(seconds: number): string[] {
    return [...this.#startedAt.keys()].filter((file) => this.#secondsOf(file) > seconds);
  }

  #secondsOf(file: string): number {
    return (performance.now() - (this.#startedAt.get(file) ?? performance.now())) / 1000;
  }
}
