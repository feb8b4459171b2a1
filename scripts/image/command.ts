import { spawnSync } from 'node:child_process';
import { ImageError } from './failure.ts';

const maxOutput = 1 << 28;

/** Runs a program and returns its output. Throws an `ImageError` with what it wrote if it fails or does not exist. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: maxOutput,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (error) throw new ImageError(`Cannot run ${program}: ${error.message}. Install it.`);
  if (status !== 0) throw new ImageError(`${program} ${args.join(' ')} failed:\n${stderr}${stdout}`);
  return stdout;
}
