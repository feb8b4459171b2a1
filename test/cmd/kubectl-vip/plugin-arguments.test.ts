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

test('flags may precede or follow the command, and -f can be repeated', () => {
  const { command, positionals, namespace, files, output } = invocation(
    '-n shop explain svc/web -f a.yaml -o wide --filename=-',
  );
  assert.deepEqual(
    { command, positionals, namespace, files, output },
    {
      command: 'explain',
      positionals: ['svc/web'],
      namespace: 'shop',
      files: ['a.yaml', '-'],
      output: 'wide',
    },
  );
  assert.equal(invocation('pools -w').isWatching, true);
  assert.equal(invocation('explain -A').isAllNamespaces, true);
});

test('flags override the settings of the controller', () => {
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

test('the flags of the connection are those of kubectl', () => {
  assert.deepEqual(
    invocation(
      'pools --kubeconfig k --context c --cluster cl --user u -s 10.0.0.1:6443 --tls-server-name n --token t --as a --as-group g --as-group h --insecure-skip-tls-verify --certificate-authority ca --client-certificate cc --client-key ck --request-timeout 1m30s',
    ).target,
    {
      kubeconfig: 'k',
      flags: {
        context: 'c',
        cluster: 'cl',
        user: 'u',
        server: 'https://10.0.0.1:6443',
        tlsServerName: 'n',
        certificateAuthority: 'ca',
        clientCertificate: 'cc',
        clientKey: 'ck',
        insecure: true,
        token: 't',
        as: 'a',
        asGroups: ['g', 'h'],
      },
      requestTimeoutMs: 90_000,
    },
  );
});

for (const [text, ms] of [
  ['0', undefined],
  ['0s', undefined],
  ['7', 7_000],
  ['500ms', 500],
] as const)
  test(`--request-timeout ${text}`, () =>
    assert.equal(invocation(`pools --request-timeout ${text}`).target.requestTimeoutMs, ms));

const usageErrors: readonly [line: string, message: RegExp][] = [
  ['--nope', /^No command specified\./],
  ['pols', /^Unknown command "pols"\. Did you mean pools\?\nRun "kubectl vip --help" for usage\.$/],
  ['pools --namspace x', /Did you mean --namespace\?/],
  ['pools -o', /requires a format/],
  ['pools -o tabel', /Did you mean table\?/],
  ['who 10.0.0.1 -f - -f -', /only once/],
  ['pools --watch -f a.yaml', /--watch needs a cluster/],
  ['pools --watch -o json', /--watch prints a table, but --output is json/],
  ['pools --server ftp://x', /--server="ftp:\/\/x" is not a valid server URL/],
  ['pools --server https://u:secret@x', /--server="https:\/\/\.\.\.@x" is not a valid server URL/],
  ['pools --request-timeout soon', /must be a duration such as 5s or 1m30s, not "soon"/],
  ['pools --request-timeout -1s', /must be a duration/],
  ['pools --configmap a/b/c', /must be NAME or NAMESPACE\/NAME/],
];

for (const [line, message] of usageErrors)
  test(`a usage error suggests a fix: ${JSON.stringify(line)}`, () => {
    assert.match(usage(line), message);
  });

test('without arguments, the help is printed', () => {
  assert.deepEqual(pluginRequest([], {}), { kind: 'print', text: pluginHelp });
});

test('NO_COLOR and a dumb terminal disable color', () => {
  const isColored = (env: Record<string, string>): boolean => {
    const request = pluginRequest(['pools'], env);
    return request.kind === 'run' && request.invocation.isColored;
  };
  assert.deepEqual(
    [isColored({}), isColored({ NO_COLOR: '1' }), isColored({ NO_COLOR: '' }), isColored({ TERM: 'dumb' })],
    [true, false, true, false],
  );
});

test('help is at most 80 columns wide, lists every command, and its examples parse', () => {
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
