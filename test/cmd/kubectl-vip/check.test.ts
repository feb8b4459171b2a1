import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/client/clock.ts';
import type { IOStreams } from '../../../src/cmd/kubectl-vip/io-streams.ts';
import { pluginRequest } from '../../../src/cmd/kubectl-vip/plugin-arguments.ts';
import { runCommand } from '../../../src/cmd/kubectl-vip/run-command.ts';
import { ansiFor } from '../../../src/terminal/ansi.ts';

/** `kubectl vip check -f FILE`, run on texts. */

interface Checked {
  readonly exitCode: number;
  /** `severity code: message` */
  readonly findings: readonly string[];
  readonly summary: string;
  readonly stderr: readonly string[];
}

async function checkFile(text: string): Promise<Checked> {
  const stderr: string[] = [];
  const streams: IOStreams = {
    env: {},
    home: () => '/nowhere',
    clock: systemClock,
    random: () => 0.5,
    version: 'test',
    signal: new AbortController().signal,
    writeStderr: (lines) => {
      stderr.push(lines);
    },
    readText: async (path) => ({ name: path, text }),
  };
  const request = pluginRequest(['check', '-f', 'c.yaml'], {});
  assert.ok(request.kind === 'run');
  const { invocation } = request;
  assert.ok(invocation.command === 'check');
  const result = await runCommand({ ...invocation, command: 'check' }, streams);
  const { findings, isValid } = result.value as {
    findings: { severity: string; code: string; message: string }[];
    isValid: boolean;
  };
  assert.equal(isValid, result.exitCode === 0);
  const lines = result.lines({ width: Number.POSITIVE_INFINITY, ansi: ansiFor(false), isWide: false });
  return {
    exitCode: result.exitCode,
    findings: findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`),
    summary: lines.at(-1) ?? '',
    stderr,
  };
}

const configMap = (data: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kubevip, namespace: kube-system }\ndata:${data}\n${more}`;

test('an unquoted boolean is an error, because Kubernetes rejects the object', async () => {
  const { exitCode, findings, summary, stderr } = await checkFile(
    configMap(' { cidr-global: 192.168.0.240/29, allow-share-global: true }'),
  );
  assert.deepEqual(findings, [
    'error rejected: c.yaml:4:60: ConfigMap kube-system/kubevip: data.allow-share-global: must be a string, but YAML reads true as a boolean, so Kubernetes rejects the object. Put quotes around it (allow-share-global: "true"), as it is read here.',
  ]);
  assert.equal(summary, 'c.yaml: 1 pool: 1 error, 0 warnings.');
  assert.equal(exitCode, 1);
  assert.deepEqual(stderr, [], 'reported once');
});

for (const [what, text] of [
  ['a YAML list', configMap('\n  cidr-global: [10.0.0.1, 10.0.0.2]')],
  ['a number', configMap('\n  allow-share-global: 1\n  cidr-global: 10.0.0.1')],
  ['a repeated key', configMap('\n  cidr-global: 10.0.0.1\n  cidr-global: 10.0.0.2')],
  ['a missing apiVersion', configMap('\n  cidr-global: 10.0.0.1').replace('apiVersion: v1\n', '')],
  ['an unknown field', configMap('\n  cidr-global: 10.0.0.1', 'dta: {}')],
] as const) {
  test(`${what} is an error: what the reader of the file finds counts`, async () => {
    const { exitCode, findings, summary } = await checkFile(text);
    assert.match(findings.join('\n'), /^error rejected: c\.yaml:[^\n]*Kubernetes rejects[^\n]*$/);
    assert.match(summary, /1 error, 0 warnings\.$/);
    assert.equal(exitCode, 1);
  });
}

test('a key without a value, and a missing namespace, are warnings', async () => {
  const text = configMap('\n  cidr-global: 10.0.0.1\n  cidr-shop:').replace(', namespace: kube-system', '');
  const { exitCode, findings } = await checkFile(text);
  assert.deepEqual(
    findings.map((finding) => finding.replace(/: .*/, '')),
    ['warning remark', 'warning remark', 'error empty-pool'],
  );
  assert.equal(exitCode, 1);
});

test('a file without findings is valid', async () => {
  const { exitCode, summary } = await checkFile(configMap('\n  cidr-global: 10.0.0.0/24'));
  assert.equal(summary, 'c.yaml: 1 pool: no problems found.');
  assert.equal(exitCode, 0);
});
