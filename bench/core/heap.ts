/** Bytes of live objects. With --expose-gc, which the parent gives; twice, as the first finds what the second can free. */
export function heapUsed(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
