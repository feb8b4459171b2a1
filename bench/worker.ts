/** The process in which one input of one part is measured (part.ts). */

import { once } from 'node:events';
import { type Part, PartFailed } from './part.ts';

const received = once(process, 'message');
const interrupted = Promise.withResolvers<never>();
interrupted.promise.catch(() => {});
let isInterrupted = false;
const interrupt = (): void => {
  isInterrupted = true;
  interrupted.reject(new Error('interrupted'));
};
// `disconnect`: the parent is gone, however it ended.
process.once('SIGTERM', interrupt).once('disconnect', interrupt);
// A bug must not leave servers and folders behind.
process.once('uncaughtException', (error) => {
  report(error);
  interrupt();
});

let result: unknown;
const stack = new AsyncDisposableStack();
try {
  const module = (await import(`./parts/${process.argv[2]}.ts`)) as { part: Part<object, unknown> };
  const [input] = (await received) as [object];
  result = await Promise.race([module.part.measure(input, stack), interrupted.promise]);
} catch (error) {
  if (!isInterrupted) report(error);
  process.exitCode = 1;
}
await stack.disposeAsync().catch(report);
if (process.exitCode === undefined) process.send?.({ result });
// Requests in flight have lost their servers and would never end.
else process.exit();
process.off('disconnect', interrupt);
process.disconnect?.();

function report(error: unknown): void {
  const text = error instanceof PartFailed ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`bench: ${text}\n`);
}
