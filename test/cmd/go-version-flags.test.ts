import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { controllerRequest } from '../../src/cmd/controller/controller-arguments.ts';
import { controllerFlags } from '../../src/cmd/flags/controller-flags.ts';
import { locateBinaries } from '../controlplane/binaries.ts';

const { folder, missing } = locateBinaries(process.env, 'peers');
const skip = missing.includes('go-version')
  ? { skip: 'needs go-version: `npm run controlplane` builds it' }
  : {};

/** Runs the Go version with `--help`. It parses its flags and exits, with the help or an error, without connecting to anything. */
async function goVersion(argv: readonly string[]): Promise<{ isAccepted: boolean; text: string }> {
  try {
    const { stdout } = await promisify(execFile)(join(folder, 'go-version'), [...argv, '--help'], {
      env: {},
    });
    return { isAccepted: true, text: stdout };
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    assert.match(
      text,
      /^Error: (?:unknown flag|unknown shorthand flag|invalid argument|flag needs an argument)/m,
    );
    return { isAccepted: false, text };
  }
}

test(
  'the controller accepts every flag in the help of the Go version, with or without a value as there',
  skip,
  async () => {
    const { text } = await goVersion([]);
    // `      --name type   description`. A boolean has no type, or `[=true]` if it may have a value.
    const listed = text.matchAll(/^ {2,6}(?:-\w, )?--(?<name>[\w-]+)(?: (?<type>\S+))? {2,}/gm);
    const flags = [...listed].map(({ groups }) => [groups?.name ?? '', groups?.type ?? ''] as const);
    assert.ok(flags.length > 70, `read ${flags.length} flags`);
    for (const [name, type] of flags) {
      const isBoolean = type === '' || type.endsWith('[=true]');
      assert.equal(controllerFlags[name]?.type, isBoolean ? 'boolean' : 'string', `--${name} ${type}`);
    }
  },
);

/** Arguments that both accept or both reject, including flags that the Go version does not list. */
const sameResult: string[][] = [
  ['--OutSideCluster'],
  ['--allow-untagged-cloud'],
  ['--node-sync-period=1s'],
  ['--bogus'],
  ['-x'],
  [''],
  ['--leader-elect=T'],
  ['--leader-elect=yes'],
  ['--leader-elect='],
  ['--kubeconfig', ''],
  ['--master='],
  ['--bind-address='],
  ['--bind-address', '::'],
  ['--bind-address=localhost'],
  ['--secure-port=0'],
  ['--secure-port='],
  ['--kube-api-qps', '-1'],
  ['--kube-api-qps=1e2'],
  ['--kube-api-qps=.5'],
  ['--kube-api-qps=1,5'],
  ['--kube-api-burst=1.5'],
  ['--concurrent-service-syncs=2147483648'],
  ['-v2'],
  ['-v=2'],
  ['-v', '2'],
  ['--v=2'],
  ['-v=-1'],
  ['-v='],
  ['--version=no', '--version=0'],
  ['--version=raw', '--version=0'],
  ...[
    '15',
    '',
    '1m30s',
    '1.5h',
    '.5s',
    '5.s',
    '.s',
    '1 s',
    '1d',
    '+15s',
    '-15s',
    '0',
    '1h30',
    '1S',
    '9us',
  ].map(
    // Rejected by the parser. Leader election is off, so relations between the durations are not validated.
    (text) => ['--leader-elect=false', `--leader-elect-lease-duration=${text}`],
  ),
];

test('the controller and the Go version reject the same flags and values', skip, async () => {
  const results = await Promise.all(sameResult.map(goVersion));
  for (const [index, argv] of sameResult.entries()) {
    const { isAccepted, text } = results[index] ?? assert.fail();
    const request = controllerRequest(argv, {});
    assert.equal(
      request.kind !== 'usage',
      isAccepted,
      `${JSON.stringify(argv)}: ${JSON.stringify(request)}, Go version: ${text.slice(0, 200)}`,
    );
  }
});
