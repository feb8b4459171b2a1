import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { locateBinaries } from '../../test/controlplane/binaries.ts';

/** A registry on loopback, in memory, for rehearsals. */
export interface LocalRegistry {
  /** Host and port. */
  readonly host: string;
  stop(): void;
}

/** Starts the registry of crane on a free port. */
export function startRegistry(): Promise<LocalRegistry> {
  const { promise, resolve, reject } = Promise.withResolvers<LocalRegistry>();
  const crane = join(locateBinaries(process.env, 'crane').folder, 'crane');
  const child = spawn(crane, ['registry', 'serve', '--address=127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  child.once('error', reject);
  child.once('close', () => reject(new Error(`The registry did not start:\n${lines.join('\n')}`)));
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    const [, port] = /serving on port (\d+)/.exec(line) ?? [];
    if (port !== undefined) resolve({ host: `127.0.0.1:${port}`, stop: () => void child.kill() });
  });
  return promise;
}
