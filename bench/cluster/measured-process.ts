import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startChild } from '../../test/controlplane/process.ts';
import type { Stack } from './stack.ts';
import { type Usage, usageOf } from './usage.ts';

/** A Node process whose memory and processor time are looked at from outside. */
export interface MeasuredProcess {
  usage(): Usage;
  /** Throws, with the end of its log, if it has ended. */
  check(): void;
  gone: Promise<void>;
  stop(): Promise<void>;
}

/** In place of the shell itself, so that the id is that of the program; its log goes to a file, and costs us nothing. */
const inPlace = 'echo $$ >"$0/pid"; exec "$@" 2>"$0/log" >&2';

export async function startMeasured(
  folder: string,
  stack: Stack,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredProcess> {
  const own = mkdtempSync(join(folder, 'process-'));
  // No more than a container gives it, so that the variables of whoever runs this change no figure.
  const child = startChild('/bin/sh', ['-c', inPlace, own, process.execPath, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  const stop = async (): Promise<void> => {
    await child.stop('TERM');
    rmSync(own, { recursive: true, force: true });
  };
  stack.push(stop);
  let pid = Number.NaN;
  while (child.running() && Number.isNaN(pid)) {
    await pause(2);
    // The file is there a moment before the number is in it.
    pid = Number(read(join(own, 'pid')).trim() || Number.NaN);
  }
  return {
    usage: () => usageOf(pid),
    check() {
      if (!child.running()) throw new Error(`${args[0]} has ended:\n${read(join(own, 'log')).slice(-2_000)}`);
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
