import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Each part runs in a process of its own: one's garbage and compiled code do not colour the other's figures. It is also
 * in a process group of its own, so that Ctrl-C reaches only the process in front, which then lets the part end its
 * servers in order; a part whose parent is gone, however that ended, does the same by itself.
 */
const running = new Set<ChildProcess>();

let isStopping = false;

export class PartFailed extends Error {}

/** So slow that something hangs. */
const patienceMinutes = 30;

/** Runs a module that calls `serve`, and gives its result. */
export function runPart<T>(module: string, input: object, nodeFlags: readonly string[] = []): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [], {
    detached: true,
    execArgv: [...nodeFlags],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  running.add(child);
  let answer: { result: T } | undefined;
  child.on('message', (message) => {
    answer = message as { result: T };
  });
  child.once('error', reject);
  const timer = setTimeout(() => {
    reject(new PartFailed(`${module} did not end within ${patienceMinutes} minutes`));
    child.kill('SIGTERM');
  }, patienceMinutes * 60_000);
  child.once('exit', (code, signal) => {
    running.delete(child);
    clearTimeout(timer);
    // Whoever interrupted it knows why there is no answer.
    if (isStopping) return;
    if (answer === undefined) reject(new PartFailed(`${module} ended with ${signal ?? `exit code ${code}`}`));
    else resolve(answer.result);
  });
  child.send(input);
  return promise;
}

/** Asks what still runs to end, and waits until it has. */
export async function stopParts(): Promise<void> {
  isStopping = true;
  const gone = [...running].map((child) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    return promise;
  });
  await Promise.all(gone);
}

/** The part's side. `work` must end soon after its signal is aborted, with everything that it started. */
export async function serve<I, T>(work: (input: I, signal: AbortSignal) => Promise<T>): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(new Error('the benchmark was interrupted'));
  process.once('SIGTERM', abort).once('disconnect', abort);
  // A bug must not leave servers and folders behind either.
  process.once('uncaughtException', (error) => {
    process.stderr.write(`${error.stack}\n`);
    abort();
  });
  const { promise, resolve } = Promise.withResolvers<I>();
  process.once('message', (message) => resolve(message as I));
  try {
    const result = await work(await promise, stop.signal);
    process.send?.({ result });
  } catch (error) {
    if (!stop.signal.aborted) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  }
  // What was under way when the signal came has lost its servers: nothing of it is waited for.
  if (stop.signal.aborted) process.exit(1);
  process.off('disconnect', abort);
  process.disconnect?.();
}
