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
  colour: true,
  options,
  notes: [],
};

const tries: { argv: string[]; env?: Environment; gives: object }[] = [
  { argv: [], gives: example },
  { argv: ['--once'], gives: { ...example, once: true } },
  { argv: ['--once=false'], gives: example },
  {
    argv: ['a.yaml', '-', 'b'],
    gives: {
      ...example,
      sources: [{ from: 'file', path: 'a.yaml' }, { from: 'standard input' }, { from: 'file', path: 'b' }],
    },
  },
  {
    argv: ['-o', 'json', 'a.yaml'],
    gives: { ...example, output: 'json', sources: [{ from: 'file', path: 'a.yaml' }] },
  },
  { argv: ['-ojson'], gives: { ...example, output: 'json' } },
  { argv: ['--output=yaml'], gives: { ...example, output: 'yaml' } },
  { argv: ['-o', 'json', '-o', 'table'], gives: example },
  { argv: ['--', '-o'], gives: { ...example, sources: [{ from: 'file', path: '-o' }] } },
  { argv: [], env: { NO_COLOR: '1' }, gives: { ...example, colour: false } },
  { argv: [], env: { NO_COLOR: '' }, gives: example },
  { argv: [], env: { TERM: 'dumb' }, gives: { ...example, colour: false } },
  {
    argv: [],
    env: { KUBEVIP_NAMESPACE: 'net', KUBEVIP_CONFIG_MAP: 'my.pools' },
    gives: { ...example, options: { ...options, configMap: { namespace: 'net', name: 'my.pools' } } },
  },
  { argv: [], env: { KUBEVIP_NAMESPACE: '', KUBEVIP_ENABLE_LOADBALANCERCLASS: '' }, gives: example },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' },
    gives: { ...example, options: { ...options, class: 'kube-vip.io/kube-vip-class' } },
  },
  {
    argv: [],
    env: {
      KUBEVIP_ENABLE_LOADBALANCERCLASS: 'T',
      KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'example.com/Mine_1',
    },
    gives: { ...example, options: { ...options, class: 'example.com/Mine_1' } },
  },
  {
    argv: [],
    env: { KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'mine' },
    gives: {
      ...example,
      notes: [
        'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=mine is not used, because the class mode is off. Set KUBEVIP_ENABLE_LOADBALANCERCLASS=true to use it.',
      ],
    },
  },
  {
    argv: [],
    env: { npm_config_once: 'true' },
    gives: {
      ...example,
      notes: ['npm kept --once for itself. Write it behind two dashes: npm start -- --once'],
    },
  },
];

for (const { argv, env, gives } of tries) {
  test(`npm start reads [${argv.join(' ')}] with ${JSON.stringify(env ?? {})}`, () => {
    assert.deepEqual(sandboxRequest(argv, env ?? {}), gives);
  });
}

for (const value of ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']) {
  test(`KUBEVIP_ENABLE_LOADBALANCERCLASS=${value} is read as Go's ParseBool reads it`, () => {
    const request = sandboxRequest([], { KUBEVIP_ENABLE_LOADBALANCERCLASS: value });
    assert.ok(request.kind === 'run');
    assert.equal(request.options.class !== undefined, /^[1tT]/.test(value));
  });
}

const wrongTries: { argv: string[]; env?: Environment; says: string }[] = [
  { argv: ['--onec'], says: 'there is no flag "--onec". Do you mean --once?' },
  { argv: ['--OutPut', 'json'], says: 'there is no flag "--OutPut". Do you mean --output?' },
  { argv: ['--frobnicate'], says: 'there is no flag "--frobnicate". Write --help for the flags there are.' },
  { argv: ['-x'], says: 'there is no flag "-x". Write --help for the flags there are.' },
  {
    argv: ['--constructor'],
    says: 'there is no flag "--constructor". Write --help for the flags there are.',
  },
  {
    argv: ['--o\x1b[2Jnce'],
    says: 'there is no flag "--o\\x1b[2Jnce". Write --help for the flags there are.',
  },
  { argv: ['-o'], says: '-o needs a format: write -o FORMAT.' },
  { argv: ['-o', '--once'], says: '-o needs a format: write -o FORMAT.' },
  { argv: ['--output='], says: '--output needs a format: write --output FORMAT.' },
  { argv: ['-o', 'jsno'], says: '--output is table, json or yaml, not "jsno". Do you mean json?' },
  { argv: ['-o', 'yml'], says: '--output is table, json or yaml, not "yml". Do you mean yaml?' },
  { argv: ['-o', 'wide'], says: '--output is table, json or yaml, not "wide".' },
  {
    argv: ['--once=maybe'],
    says: '--once is true or false, not "maybe". Write --once=true or --once=false.',
  },
  { argv: ['-', '-'], says: 'standard input (-) can be read only once. Name it once.' },
  { argv: [''], says: 'a file name is empty. Give its path, or leave it out.' },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: ' true' },
    says: 'KUBEVIP_ENABLE_LOADBALANCERCLASS is " true". Set it to true or false, without spaces.',
  },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'yes' },
    says: 'KUBEVIP_ENABLE_LOADBALANCERCLASS is "yes". Set it to true or false, without spaces.',
  },
  {
    argv: [],
    env: { KUBEVIP_NAMESPACE: 'Kube System' },
    says: 'KUBEVIP_NAMESPACE is "Kube System", which cannot be a name in Kubernetes. Set it to kube-system, for example.',
  },
  {
    argv: [],
    env: { KUBEVIP_CONFIG_MAP: '/' },
    says: 'KUBEVIP_CONFIG_MAP is "/", which cannot be a name in Kubernetes. Set it to a name like kubevip.',
  },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: '1', KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'a/b/c' },
    says: 'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME is "a/b/c", which no Service can have as its class. Set it to a name like example.com/my-class.',
  },
  {
    argv: [],
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: '2', KUBEVIP_NAMESPACE: '-' },
    says: 'KUBEVIP_NAMESPACE is "-", which cannot be a name in Kubernetes. Set it to a name like kube-system.\nKUBEVIP_ENABLE_LOADBALANCERCLASS is "2". Set it to true or false, without spaces.',
  },
];

for (const { argv, env, says } of wrongTries) {
  test(`npm start refuses [${argv.map((arg) => JSON.stringify(arg)).join(' ')}] with ${JSON.stringify(env ?? {})}`, () => {
    const message = `${says}\nWrite npm start -- --help for what there is.`;
    assert.deepEqual(sandboxRequest(argv, env ?? {}), { kind: 'usage', message });
  });
}

test('the help fits into 80 columns and names every flag and variable', () => {
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
