import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerRequest } from '../../src/cmd/controller/controller-arguments.ts';
import { controllerFlags, ignoredFlags } from '../../src/cmd/flags/controller-flags.ts';
import type { Environment } from '../../src/cmd/flags/environment.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};
const election = {
  lease: { namespace: 'kube-system', name: 'kube-vip-cloud-controller' },
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};
const health = { host: '127.0.0.1', port: 10258, tls: undefined };
const plain = {
  kind: 'run',
  access: { kind: 'in cluster' },
  election,
  concurrentWrites: 16,
  rateLimit: undefined,
  health,
  webPort: 8089,
  verbosity: 0,
  logFormat: 'json',
  colour: true,
  options,
  notes: [],
};
const file = { ...plain, access: { kind: 'kubeconfig', file: 'k.yaml', server: undefined } };
const outside = { ...plain, access: { kind: 'kubeconfig', file: undefined, server: undefined } };
const server = (url: string): object => ({ ...plain, access: { kind: 'server', server: url } });
const served = (change: object): object => ({ ...plain, health: { ...health, ...change } });
const limited = (requestsPerSecond: number, burst: number): object => ({
  ...plain,
  rateLimit: { requestsPerSecond, burst },
});
const noLimit = '--kube-api-burst has no effect without --kube-api-qps: requests are not limited.';

const runs: { argv: string[]; env?: Environment; gives: object }[] = [
  { argv: [], gives: plain },
  { argv: ['', ''], gives: plain },

  { argv: ['--kubeconfig', 'k.yaml'], gives: file },
  { argv: ['-kubeconfig=k.yaml'], gives: file },
  { argv: ['--kubeconfig=k.yaml', '--OutSideCluster'], gives: file },
  { argv: ['--kubeconfig='], gives: plain },
  { argv: ['--OutSideCluster'], gives: outside },
  { argv: ['-OutSideCluster=true'], gives: outside },
  { argv: ['--OutSideCluster=false'], gives: plain },
  { argv: ['--OutSideCluster', '--OutSideCluster=F'], gives: plain },
  { argv: ['--kubeconfig=', '--OutSideCluster'], gives: outside },
  {
    argv: ['--kubeconfig=k.yaml', '--master=https://10.0.0.1:6443/'],
    gives: { ...plain, access: { kind: 'kubeconfig', file: 'k.yaml', server: 'https://10.0.0.1:6443' } },
  },
  {
    argv: ['--OutSideCluster', '--master', 'api.example.com:6443'],
    gives: {
      ...plain,
      access: { kind: 'kubeconfig', file: undefined, server: 'https://api.example.com:6443' },
    },
  },
  { argv: ['--master=http://127.0.0.1:8001/path'], gives: server('http://127.0.0.1:8001/path') },
  { argv: ['--master=[::1]:8001'], gives: server('http://[::1]:8001') },
  { argv: ['--master='], gives: plain },

  { argv: ['--leader-elect'], gives: plain },
  { argv: ['--leader-elect=false'], gives: { ...plain, election: undefined } },
  {
    argv: ['--leader-elect-resource-name=second', '--leader-elect-resource-namespace=net'],
    gives: {
      ...plain,
      election: { ...election, lease: { namespace: 'net', name: 'second' } },
      options: { ...options, controller: 'second' },
    },
  },
  {
    argv: ['--leader-elect=false', '--leader-elect-resource-name=second'],
    gives: { ...plain, election: undefined, options: { ...options, controller: 'second' } },
  },
  {
    argv: [
      '--leader-elect-lease-duration=1m',
      '--leader_elect_renew_deadline=40s',
      '--leader-elect-retry-period=500ms',
    ],
    gives: {
      ...plain,
      election: { ...election, leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 500 },
    },
  },
  {
    argv: ['--leader-elect-lease-duration=15.9s'],
    gives: {
      ...plain,
      notes: ['--leader-elect-lease-duration=15.9s counts as 15s, since a Lease holds whole seconds.'],
    },
  },
  { argv: ['--leader-elect-resource-lock=leases'], gives: plain },
  // What matters only to an election is not looked at without one.
  {
    argv: ['--leader-elect=false', '--leader-elect-resource-lock=endpoints', '--leader-elect-retry-period=0'],
    gives: { ...plain, election: undefined },
  },

  { argv: ['--concurrent-service-syncs=1'], gives: { ...plain, concurrentWrites: 1 } },
  { argv: ['--concurrent-service-syncs', '64'], gives: { ...plain, concurrentWrites: 64 } },
  { argv: ['--kube-api-qps=20'], gives: limited(20, 30) },
  { argv: ['--kube-api-qps=.5', '--kube-api-burst=1'], gives: limited(0.5, 1) },
  { argv: ['--kube-api-qps=1e3', '--kube-api-burst=2000'], gives: limited(1000, 2000) },
  { argv: ['--kube-api-qps=5', '--kube-api-burst=0'], gives: limited(5, 30) },
  { argv: ['--kube-api-qps=0'], gives: plain },
  { argv: ['--kube-api-qps', '-1'], gives: plain },
  { argv: ['--kube-api-burst=10'], gives: { ...plain, notes: [noLimit] } },
  { argv: ['--kube-api-qps=0', '--kube-api-burst=0'], gives: plain },

  { argv: ['--bind-address=0.0.0.0'], gives: served({ host: '0.0.0.0' }) },
  { argv: ['--bind-address=::', '--secure-port=8443'], gives: served({ host: '::', port: 8443 }) },
  { argv: ['--bind-address='], gives: plain },
  {
    argv: ['--tls-cert-file=tls.crt', '--tls-private-key-file=tls.key'],
    gives: served({ tls: { certFile: 'tls.crt', keyFile: 'tls.key' } }),
  },
  { argv: ['--tls-cert-file=', '--tls-private-key-file='], gives: plain },
  { argv: ['--secure-port=0'], gives: { ...plain, health: undefined } },
  { argv: ['--web-port=0'], gives: { ...plain, webPort: 0 } },
  { argv: ['--web-port', '9000'], gives: { ...plain, webPort: 9000 } },

  { argv: ['-v', '2'], gives: { ...plain, verbosity: 2 } },
  { argv: ['-v=4'], gives: { ...plain, verbosity: 4 } },
  { argv: ['--v=100'], gives: { ...plain, verbosity: 100 } },

  { argv: ['--log-format=json'], gives: plain },
  { argv: ['--log-format', 'text'], gives: { ...plain, logFormat: 'text' } },
  {
    argv: ['--log_format=text'],
    env: { NO_COLOR: '1' },
    gives: { ...plain, logFormat: 'text', colour: false },
  },
  {
    argv: ['--log-format=text'],
    env: { NO_COLOR: '', TERM: 'dumb' },
    gives: { ...plain, logFormat: 'text', colour: false },
  },

  { argv: ['--version'], gives: { kind: 'version' } },
  { argv: ['--version=raw'], gives: { kind: 'version' } },
  { argv: ['--version=false'], gives: plain },

  {
    argv: [
      '--cloud-provider=kubevip',
      '--log_dir',
      '--v=9',
      '--logtostderr',
      '--profiling=false',
      '--port=0',
    ],
    gives: {
      ...plain,
      notes: [
        'accepted without effect: --cloud-provider (there is no cloud here, and no Node is read); --profiling, --port (only health is served, to whoever asks); --log-dir, --logtostderr (the log is lines on standard error)',
      ],
    },
  },
  {
    argv: ['--controllers=*', '--kube-api-burst=1'],
    env: { KUBEVIP_NAMESPACE: 'net', KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'mine' },
    gives: {
      ...plain,
      options: { ...options, configMap: { namespace: 'net', name: 'kubevip' } },
      notes: [
        'accepted without effect: --controllers (there is one controller, and all of it is always on)',
        noLimit,
        'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=mine is not used, because the class mode is off. Set KUBEVIP_ENABLE_LOADBALANCERCLASS=true to use it.',
      ],
    },
  },
];

for (const { argv, env = {}, gives } of runs) {
  test(`the controller reads [${argv.join(' ')}]`, () => {
    assert.deepEqual(controllerRequest(argv, env), gives);
  });
}

test('a flag without effect changes nothing but its note', () => {
  for (const { why, booleans, others } of ignoredFlags) {
    const argvs = [
      ...booleans.flatMap((name) => [[`--${name}`], [`--${name}=false`]]),
      ...others.flatMap((name) => [[`--${name}=`], [`--${name}`, '--leader-elect=false']]),
    ];
    for (const argv of argvs) {
      const name = argv[0]?.replace(/=.*/, '');
      const notes = [`accepted without effect: ${name} (${why})`];
      assert.deepEqual(controllerRequest(argv, {}), { ...plain, notes }, argv.join(' '));
    }
  }
});

test('the help fits into 80 columns and names every flag once, and every variable', () => {
  const help = controllerRequest(['--help', '--leader-elect=false'], {});
  assert.ok(help.kind === 'help');
  for (const name of Object.keys(controllerFlags)) {
    const flag = new RegExp(`(?<![\\w-])${name.length === 1 ? '-' : '--'}${name}(?![\\w-])`, 'g');
    assert.equal([...help.text.matchAll(flag)].length, 1, name);
  }
  for (const variable of [
    'NAMESPACE',
    'CONFIG_MAP',
    'ENABLE_LOADBALANCERCLASS',
    'CUSTOM_LOADBALANCERCLASS_NAME',
  ])
    assert.ok(help.text.includes(`KUBEVIP_${variable} `), variable);
  for (const line of help.text.split('\n')) assert.ok(line.length <= 80 && line === line.trimEnd(), line);
});
