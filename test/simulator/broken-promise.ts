/** A promise (docs/SPEC.md) that does not hold, with what breaks it. */
export class BrokenPromise extends Error {
  readonly promise: string;

  constructor(promise: string, what: string) {
    super(`${promise}: ${what}`);
    this.promise = promise;
  }
}
