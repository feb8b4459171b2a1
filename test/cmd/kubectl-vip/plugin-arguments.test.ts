import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandNames } from '../../../src/cmd/kubectl-vip/commands.ts';
import { pluginRequest } from '../../../src/cmd/kubectl-vip/plugin-arguments.ts';
import { commandHelp, pluginHelp } from '../../../src/cmd/kubectl-vip/plugin-help.ts';

function invocation(line: string) {
  const request = pluginRequest(
    line.split(' ').filter((word) => word !== ''),
    {},
  );
  assert.equal(request.kind, 'run', line);
  return request.kind === 'run' ? request.invocation : assert.fail();
}

function usage(line: string): string {
  const request = pluginRequest(
    line.split(' ').filter((word) => word !== ''),
    {},
  );
  return request.kind === 'usage' ? request.message : assert.fail(`${line}: ${request.kind}`);
}

test('flags stand before the command or behind it, and -f comes again', () => {
  const { command, words, namespace, files, output } = invocation(
    '-n shop explain svc/web -f a.yaml -o wide --filename=-',
  );
  assert.deepEqual(
    { command, words, namespace, files, output },
    {
      command: 'explain',
      words: ['svc/web'],
      namespace: 'shop',
      files: ['a.yaml', '-'],
      output: 'wide',
    },
  );
  assert.equal(invocation('pools -w').isWatching, true);
  assert.equal(invocation('explain -A').isAllNamespaces, true);
});

test('settings of the controller by flags', () => {
  assert.deepEqual(
    invocation('pools --deployment kvcp --configmap a/b --class none --controller c').settings,
    {
      deployment: { namespace: 'kube-system', name: 'kvcp' },
      configMap: { namespace: 'a', name: 'b' },
      class: '',
      controller: 'c',
    },
  );
});

const wrong: readonly [line: string, says: RegExp][] = [
  ['--nope', /there is no command/],
  ['pols', /no command "pols"\. Do you mean pools\?/],
  ['pools --namspace x', /Did you mean --namespace\?/],
  ['pools -o', /requires a format/],
  ['pools -o tabel', /Do you mean table\?/],
  ['who 10.0.0.1 -f - -f -', /only once/],
  ['pools --watch -f a.yaml', /--watch needs a cluster/],
  ['pools --watch -o json', /--watch shows a table, not json/],
  ['pools --configmap a/b/c', /Write NAME, or NAMESPACE\/NAME/],
];

for (const [line, says] of wrong)
  test(`wrong usage says what to write: ${JSON.stringify(line)}`, () => {
    assert.match(usage(line), says);
  });

test('without any word it prints what there is', () => {
  assert.deepEqual(pluginRequest([], {}), { kind: 'print', text: pluginHelp });
});

test('NO_COLOR and a dumb terminal take the colours away', () => {
  const coloured = (env: Record<string, string>): boolean => {
    const request = pluginRequest(['pools'], env);
    return request.kind === 'run' && request.invocation.isColoured;
  };
  assert.deepEqual(
    [coloured({}), coloured({ NO_COLOR: '1' }), coloured({ NO_COLOR: '' }), coloured({ TERM: 'dumb' })],
    [true, false, true, false],
  );
});

test('every help is at most 80 columns wide, names each command, and its examples are understood', () => {
  for (const text of [pluginHelp, ...commandNames.map(commandHelp)])
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  for (const name of commandNames) {
    assert.match(pluginHelp, new RegExp(`^ {2}${name} `, 'm'));
    const examples = [...commandHelp(name).matchAll(/^ {2}kubectl vip (\S+ .*|\S+)$/gm)].slice(1);
    assert.ok(examples.length > 0, name);
    for (const [, line = ''] of examples) assert.equal(invocation(line).command, name);
    assert.deepEqual(pluginRequest([name, '--help'], {}), { kind: 'print', text: commandHelp(name) });
    assert.deepEqual(pluginRequest(['help', name], {}), { kind: 'print', text: commandHelp(name) });
  }
});
