/** What was started is ended in the opposite order, whatever else goes wrong. */
export class Stack {
  readonly #ends: (() => void | Promise<void>)[] = [];

  push(end: () => void | Promise<void>): void {
    this.#ends.push(end);
  }

  async end(): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        process.stderr.write(`bench: while cleaning up: ${error}\n`);
      }
    }
  }
}
