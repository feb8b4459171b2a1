import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Environment } from '../../src/cmd/flags/environment.ts';
import { sandboxRequest } from '../../src/cmd/sandbox/sandbox-arguments.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};
const example = {
  kind: 'run',
  sources: [{ from: 'example' }],
  output: 'table',
  once: false,
  color: true,
  options,
  warnings: [],
};

const runs: { argv: string[]; env?: Environment; expected: object }[] = [
  { argv: [], expected: example },
  { argv: ['--once'], expected: { ...example, once: true } },
  { argv: ['--once=false'], expected: example },
  {
    argv: ['a.yaml', '-', 'b'],
    expected: {
      ...example,
      sources: [{ from: 'file', path: 'a.yaml' }, { from: 'standard input' }, { from: 'file', path: 'b' }],
    },
  },
  {
    argv: ['-o', 'json', 'a.yaml'],
    expected: { ...example, output: 'json', sources: [{ from: 'file', path: 'a.yaml' }] },
  },
  { argv: ['-ojson'], expected: { ...example, output: 'json' } },
  { argv: ['--output=yaml'], expected: { ...example, output: 'yaml' } },
  { argv: ['-o', 'json', '-o', 'table'], expected: example },
  { argv: ['--', '-o'], expected: { ...example, sources: [{ from: 'file', path: '-o' }] } },
  { argv: [], env: { NO_COLOR: '1' }, expected: { ...example, color: false } },
  { argv: [], env: { NO_COLOR: '' }, expected: example },
  { argv: [], env: { TERM: 'dumb' }, expected: { ...example, color: false } },
  {
    argv: [],
    env: { KUBEVIP_NAMESPACE: 'net', KUBEVIP_CONFIG_MAP: 'my.pools' },
    expected: { ...example, options: { ...options, configMap: { namespace: 'net', name: 'my.pools' } } },
  },
  { argv: [], env: { KUBEVIP_NAMESPACE: '', KUBEVIP_ENABLE_LOADBALANCERCLASS: '' }, expected: example },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' },
    expected: { ...example, options: { ...options, class: 'kube-vip.io/kube-vip-class' } },
  },
  {
    argv: [],
    env: {
      KUBEVIP_ENABLE_LOADBALANCERCLASS: 'T',
      KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'example.com/Mine_1',
    },
    expected: { ...example, options: { ...options, class: 'example.com/Mine_1' } },
  },
  {
    argv: [],
    env: { KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'mine' },
    expected: {
      ...example,
      warnings: [
        'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=mine has no effect, because class mode is off. To turn it on, set KUBEVIP_ENABLE_LOADBALANCERCLASS=true.',
      ],
    },
  },
  {
    argv: [],
    env: { npm_config_once: 'true' },
    expected: {
      ...example,
      warnings: ['npm intercepted --once. Put flags after two dashes: npm start -- --once'],
    },
  },
];

for (const { argv, env, expected } of runs) {
  test(`npm start parses [${argv.join(' ')}] with ${JSON.stringify(env ?? {})}`, () => {
    assert.deepEqual(sandboxRequest(argv, env ?? {}), expected);
  });
}

for (const value of ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']) {
  test(`KUBEVIP_ENABLE_LOADBALANCERCLASS=${value} is parsed like Go's ParseBool`, () => {
    const request = sandboxRequest([], { KUBEVIP_ENABLE_LOADBALANCERCLASS: value });
    assert.ok(request.kind === 'run');
    assert.equal(request.options.class !== undefined, /^[1tT]/.test(value));
  });
}

const invalidRuns: { argv: string[]; env?: Environment; error: string }[] = [
  { argv: ['--onec'], error: 'Unknown flag "--onec". Did you mean --once?' },
  { argv: ['--OutPut', 'json'], error: 'Unknown flag "--OutPut". Did you mean --output?' },
  { argv: ['--frobnicate'], error: 'Unknown flag "--frobnicate".' },
  { argv: ['-x'], error: 'Unknown flag "-x".' },
  {
    argv: ['--constructor'],
    error: 'Unknown flag "--constructor".',
  },
  {
    argv: ['--o\x1b[2Jnce'],
    error: 'Unknown flag "--o\\x1b[2Jnce".',
  },
  { argv: ['-o'], error: '-o requires a format. Use -o FORMAT.' },
  { argv: ['-o', '--once'], error: '-o requires a format. Use -o FORMAT.' },
  { argv: ['--output='], error: '--output requires a format. Use --output FORMAT.' },
  { argv: ['-o', 'jsno'], error: '--output must be table, json, or yaml, not "jsno". Did you mean json?' },
  { argv: ['-o', 'yml'], error: '--output must be table, json, or yaml, not "yml". Did you mean yaml?' },
  { argv: ['-o', 'wide'], error: '--output must be table, json, or yaml, not "wide".' },
  {
    argv: ['--once=maybe'],
    error: '--once must be true or false, not "maybe". Use --once=true or --once=false.',
  },
  { argv: ['-', '-'], error: 'Standard input (-) can be read only once. Specify it once.' },
  { argv: [''], error: 'A file name is empty. Specify a path, or omit the argument.' },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: ' true' },
    error:
      'KUBEVIP_ENABLE_LOADBALANCERCLASS=" true" is not a boolean. Set it to true or false, without spaces.',
  },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'yes' },
    error:
      'KUBEVIP_ENABLE_LOADBALANCERCLASS="yes" is not a boolean. Set it to true or false, without spaces.',
  },
  {
    argv: [],
    env: { KUBEVIP_NAMESPACE: 'Kube System' },
    error:
      'KUBEVIP_NAMESPACE="Kube System" is not a valid name in Kubernetes. Set it to kube-system, for example.',
  },
  {
    argv: [],
    env: { KUBEVIP_CONFIG_MAP: '/' },
    error: 'KUBEVIP_CONFIG_MAP="/" is not a valid name in Kubernetes. Set it to a name such as kubevip.',
  },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: '1', KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'a/b/c' },
    error:
      'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME="a/b/c" is not a valid load balancer class. Set it to a name such as example.com/my-class.',
  },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: '2', KUBEVIP_NAMESPACE: '-' },
    error:
      'KUBEVIP_NAMESPACE="-" is not a valid name in Kubernetes. Set it to a name such as kube-system.\nKUBEVIP_ENABLE_LOADBALANCERCLASS="2" is not a boolean. Set it to true or false, without spaces.',
  },
];

for (const { argv, env, error } of invalidRuns) {
  test(`npm start rejects [${argv.map((arg) => JSON.stringify(arg)).join(' ')}] with ${JSON.stringify(env ?? {})}`, () => {
    const message = `${error}\nRun "npm start -- --help" for usage.`;
    assert.deepEqual(sandboxRequest(argv, env ?? {}), { kind: 'usage', message });
  });
}

test('the help fits in 80 columns and lists every flag and variable', () => {
  const help = sandboxRequest(['-h'], {});
  assert.ok(help.kind === 'help');
  const variables = [
    'KUBEVIP_NAMESPACE',
    'KUBEVIP_CONFIG_MAP',
    'KUBEVIP_ENABLE_LOADBALANCERCLASS',
    'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME',
  ];
  for (const word of ['--output', '--once', '--help', 'NO_COLOR', ...variables])
    assert.ok(help.text.includes(word), word);
  for (const line of help.text.split('\n')) assert.ok(line.length <= 80, line);
});
