import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { locateBinaries } from '../../test/controlplane/binaries.ts';
import { feed } from '../../test/controlplane/process.ts';
import { ReleaseError } from './script.ts';

/** The programs that move a release, from the Go modules in test/controlplane. */
export type Tool = 'crane' | 'helm' | 'cosign';

/** Runs a program and returns its standard output. Rejects with a `ReleaseError` and what it wrote if it fails. */
export type RunTool = (tool: Tool, args: readonly string[], input?: string) => Promise<string>;

/** Runs the built programs with these additional environment variables. */
export function runTools(env: Readonly<Record<string, string>> = {}): RunTool {
  return (tool, args, input = '') => {
    const path = join(locateBinaries(process.env, tool).folder, tool);
    if (!existsSync(path))
      throw new ReleaseError(`${tool} is not built. Run: npm run controlplane -- ${tool}`);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (error) reject(new ReleaseError(`${tool} ${args.join(' ')} failed:\n${stderr}${stdout}`));
      // Helm reports what it pushed on either stream, depending on its version.
      else resolve(`${stdout}${tool === 'helm' ? stderr : ''}`);
    });
    feed(child, input);
    return promise;
  };
}
