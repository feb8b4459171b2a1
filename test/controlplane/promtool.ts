import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { locateBinaries } from './binaries.ts';

const { folder, missing } = locateBinaries(process.env, 'promtool');

/** The options of a test that runs promtool: it says so where there is none. */
export const needsPromtool =
  missing.length > 0 ? { skip: 'needs promtool: `npm run controlplane` builds it' } : {};

/** Everything that promtool says, and at its end the exit code if that is not zero. */
export function promtool(args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = execFile(join(folder, 'promtool'), args, (error, stdout, stderr) => {
    resolve(`${stdout}${stderr}${error === null ? '' : `exit ${error.code}`}`);
  });
  child.stdin?.end(input);
  return promise;
}
