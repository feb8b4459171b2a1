import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startChild } from '../../test/controlplane/process.ts';
import { type Usage, usageOf } from './usage.ts';

/** A Node process whose memory and CPU time are measured from outside. */
export interface MeasuredProcess {
  usage(): Usage;
  /** Throws, with the end of its log, if the process has ended. */
  check(): void;
  /** What it has written so far. */
  log(): string;
  /** How much it has logged. */
  logBytes(): number;
  signal(name: 'SIGUSR2'): void;
  gone: Promise<void>;
  stop(): Promise<void>;
}

/** The shell replaces itself, so this is the id of the program. The log goes to a file, to cost nothing here. */
const launch = 'echo $$ >"$0/pid"; exec "$@" 2>"$0/log" >&2';

export async function startMeasured(
  parent: string,
  stack: AsyncDisposableStack,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  /** Runs its arguments in the same process, such as `ip netns exec`. */
  wrapper: readonly string[] = [],
): Promise<MeasuredProcess> {
  const folder = mkdtempSync(join(parent, 'process-'));
  // Only the environment of a container, so that the caller's variables change no figure.
  const child = startChild('/bin/sh', ['-c', launch, folder, ...wrapper, process.execPath, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  const stop = async (): Promise<void> => {
    await child.stop('TERM');
    rmSync(folder, { recursive: true, force: true });
  };
  stack.defer(stop);
  let pid = Number.NaN;
  while (child.running() && Number.isNaN(pid)) {
    await pause(2);
    // The file exists a moment before it contains the number.
    pid = Number(read(join(folder, 'pid')).trim() || Number.NaN);
  }
  return {
    usage: () => usageOf(pid),
    check() {
      if (!child.running()) throw new Error(`${args[0]} ended:\n${read(join(folder, 'log')).slice(-2_000)}`);
    },
    log: () => read(join(folder, 'log')),
    logBytes: () => statSync(join(folder, 'log')).size,
    signal: (name) => {
      process.kill(pid, name);
    },
    gone: child.exited,
    stop,
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
