import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One part of the benchmark. The module `parts/NAME.ts` exports it as `part`, and parts.ts lists it. */
export interface Part<Input extends object, Result> {
  /** One line of the help. */
  readonly about: string;
  readonly nodeFlags?: readonly string[];
  /** Each input is measured in its own process, one after the other. */
  inputs(quick: boolean): readonly Input[];
  /** Everything that it starts goes on the stack, which is disposed of at the end or on a signal. */
  measure(input: Input, stack: AsyncDisposableStack): Promise<Result>;
  /** The text for the results of all inputs. */
  print(first: Result, ...more: Result[]): string;
}

/** Infers the types. */
export function definePart<Input extends object, Result>(part: Part<Input, Result>): Part<Input, Result> {
  return part;
}

/** Has a message for the user; the stack does not matter. */
export class PartFailed extends Error {}

/** A part that takes longer has stopped making progress. */
const limitMs = 30 * 60_000;

/**
 * Garbage and compiled code of one process do not affect the figures of another. Each has its own process group: Ctrl-C
 * reaches only the parent, which then lets the child stop its servers in order.
 */
const running = new Set<ChildProcess>();
let isStopping = false;

/** Measures one input of a part in worker.ts. */
export async function measure<T>(name: string, input: object, nodeFlags: readonly string[] = []): Promise<T> {
  const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [name], {
    detached: true,
    execArgv: [...nodeFlags],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  running.add(child);
  let answer: { readonly result: T } | undefined;
  child.on('message', (message) => {
    answer = message as { result: T };
  });
  child.once('exit', () => running.delete(child));
  const timer = setTimeout(() => child.kill('SIGTERM'), limitMs);
  child.send(input);
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  clearTimeout(timer);
  // The signal handler in bench.ts ends this process.
  if (isStopping) return new Promise(() => {});
  if (answer === undefined) throw new PartFailed(`ended with ${signal ?? `exit code ${code}`}`);
  return answer.result;
}

/** Stops the parts that are still running, and waits for them. */
export async function stopParts(): Promise<void> {
  isStopping = true;
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGTERM');
      return once(child, 'exit');
    }),
  );
}
