import { Stack } from './stack.ts';

/** Whatever was started is ended, also when the signal comes in between. */
export async function onStack<T>(signal: AbortSignal, work: (stack: Stack) => Promise<T>): Promise<T> {
  const stack = new Stack();
  const interrupted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => interrupted.reject(signal.reason));
  try {
    return await Promise.race([work(stack), interrupted.promise]);
  } finally {
    await stack.end();
  }
}
