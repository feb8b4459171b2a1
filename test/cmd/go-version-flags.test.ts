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

/** The Go version reads its flags and ends, be it with the help or because it refuses them: nothing is connected to. */
async function goVersion(argv: readonly string[]): Promise<{ isTaken: boolean; text: string }> {
  try {
    const { stdout } = await promisify(execFile)(join(folder, 'go-version'), [...argv, '--help'], {
      env: {},
    });
    return { isTaken: true, text: stdout };
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    assert.match(
      text,
      /^Error: (?:unknown flag|unknown shorthand flag|invalid argument|flag needs an argument)/m,
    );
    return { isTaken: false, text };
  }
}

test(
  'every flag that the Go version lists is known here, with or without a value as there',
  skip,
  async () => {
    const { text } = await goVersion([]);
    // `      --name type   what it does`; a boolean has no type, and one that may have a value says `[=true]`.
    const listed = text.matchAll(/^ {2,6}(?:-\w, )?--(?<name>[\w-]+)(?: (?<type>\S+))? {2,}/gm);
    const flags = [...listed].map(({ groups }) => [groups?.name ?? '', groups?.type ?? ''] as const);
    assert.ok(flags.length > 70, `read ${flags.length} flags`);
    for (const [name, type] of flags) {
      const isBoolean = type === '' || type.endsWith('[=true]');
      assert.equal(controllerFlags[name]?.type, isBoolean ? 'boolean' : 'string', `--${name} ${type}`);
    }
  },
);

/** What both take or both refuse, each alone: also the flags that the Go version does not list. */
const sameThere: string[][] = [
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
    // Refused as they are read: that the times fit one another is seen later, and only with an election.
    (text) => ['--leader-elect=false', `--leader-elect-lease-duration=${text}`],
  ),
];

test(
  'what is no flag or no value to the Go version is none here, and the other way round',
  skip,
  async () => {
    const answers = await Promise.all(sameThere.map(goVersion));
    for (const [index, argv] of sameThere.entries()) {
      const { isTaken, text } = answers[index] ?? assert.fail();
      const here = controllerRequest(argv, {});
      assert.equal(
        here.kind !== 'usage',
        isTaken,
        `${JSON.stringify(argv)}: ${JSON.stringify(here)}, there ${text.slice(0, 200)}`,
      );
    }
  },
);
