/** A promise of docs/SPEC.md that was broken, and how. */
export class BrokenPromise extends Error {
  readonly promise: string;

  constructor(promise: string, what: string) {
    super(`${promise}: ${what}`);
    this.promise = promise;
  }
}
