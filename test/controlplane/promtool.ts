import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { locateBinaries } from './binaries.ts';
import { feed } from './process.ts';

const { folder, missing } = locateBinaries(process.env, 'promtool');

/** Options for a test that runs promtool, which is skipped if promtool is missing. */
export const needsPromtool =
  missing.length > 0 ? { skip: 'needs promtool: `npm run controlplane` builds it' } : {};

/** Returns the output of promtool, followed by its exit code if that is not 0. */
export function promtool(args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = execFile(join(folder, 'promtool'), args, (error, stdout, stderr) => {
    resolve(`${stdout}${stderr}${error === null ? '' : `exit ${error.code}`}`);
  });
  feed(child, input);
  return promise;
}
