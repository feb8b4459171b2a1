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
  maxFormerHolders: 1_000,
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
  publishStatus: false,
  rateLimit: undefined,
  health,
  webPort: 8089,
  verbosity: 0,
  logFormat: 'json',
  color: true,
  options,
  warnings: [],
};
const file = { ...plain, access: { kind: 'kubeconfig', file: 'k.yaml', server: undefined } };
const outside = { ...plain, access: { kind: 'kubeconfig', file: undefined, server: undefined } };
const server = (url: string): object => ({ ...plain, access: { kind: 'server', server: url } });
const served = (change: object): object => ({ ...plain, health: { ...health, ...change } });
const limited = (requestsPerSecond: number, burst: number): object => ({
  ...plain,
  rateLimit: { requestsPerSecond, burst },
});
const burstWarning = '--kube-api-burst has no effect without --kube-api-qps: requests are not limited.';

const runs: { argv: string[]; env?: Environment; expected: object }[] = [
  { argv: [], expected: plain },
  { argv: ['', ''], expected: plain },

  { argv: ['--publish-status'], expected: { ...plain, publishStatus: true } },
  { argv: ['--kubeconfig', 'k.yaml'], expected: file },
  { argv: ['-kubeconfig=k.yaml'], expected: file },
  { argv: ['--kubeconfig=k.yaml', '--OutSideCluster'], expected: file },
  { argv: ['--kubeconfig='], expected: plain },
  { argv: ['--OutSideCluster'], expected: outside },
  { argv: ['-OutSideCluster=true'], expected: outside },
  { argv: ['--OutSideCluster=false'], expected: plain },
  { argv: ['--OutSideCluster', '--OutSideCluster=F'], expected: plain },
  { argv: ['--kubeconfig=', '--OutSideCluster'], expected: outside },
  {
    argv: ['--kubeconfig=k.yaml', '--master=https://10.0.0.1:6443/'],
    expected: { ...plain, access: { kind: 'kubeconfig', file: 'k.yaml', server: 'https://10.0.0.1:6443' } },
  },
  {
    argv: ['--OutSideCluster', '--master', 'api.example.com:6443'],
    expected: {
      ...plain,
      access: { kind: 'kubeconfig', file: undefined, server: 'https://api.example.com:6443' },
    },
  },
  { argv: ['--master=http://127.0.0.1:8001/path'], expected: server('http://127.0.0.1:8001/path') },
  { argv: ['--master=[::1]:8001'], expected: server('http://[::1]:8001') },
  { argv: ['--master='], expected: plain },

  { argv: ['--leader-elect'], expected: plain },
  { argv: ['--leader-elect=false'], expected: { ...plain, election: undefined } },
  {
    argv: ['--leader-elect-resource-name=second', '--leader-elect-resource-namespace=net'],
    expected: {
      ...plain,
      election: { ...election, lease: { namespace: 'net', name: 'second' } },
      options: { ...options, controller: 'second' },
    },
  },
  {
    argv: ['--leader-elect=false', '--leader-elect-resource-name=second'],
    expected: { ...plain, election: undefined, options: { ...options, controller: 'second' } },
  },
  {
    argv: [
      '--leader-elect-lease-duration=1m',
      '--leader_elect_renew_deadline=40s',
      '--leader-elect-retry-period=500ms',
    ],
    expected: {
      ...plain,
      election: { ...election, leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 500 },
    },
  },
  {
    argv: ['--leader-elect-lease-duration=15.9s'],
    expected: {
      ...plain,
      warnings: [
        '--leader-elect-lease-duration=15.9s is rounded down to 15s, because a Lease stores whole seconds.',
      ],
    },
  },
  { argv: ['--leader-elect-resource-lock=leases'], expected: plain },
  // Election settings are not validated when leader election is off.
  {
    argv: ['--leader-elect=false', '--leader-elect-resource-lock=endpoints', '--leader-elect-retry-period=0'],
    expected: { ...plain, election: undefined },
  },

  { argv: ['--concurrent-service-syncs=1'], expected: { ...plain, concurrentWrites: 1 } },
  { argv: ['--concurrent-service-syncs', '64'], expected: { ...plain, concurrentWrites: 64 } },
  { argv: ['--kube-api-qps=20'], expected: limited(20, 30) },
  { argv: ['--kube-api-qps=.5', '--kube-api-burst=1'], expected: limited(0.5, 1) },
  { argv: ['--kube-api-qps=1e3', '--kube-api-burst=2000'], expected: limited(1000, 2000) },
  { argv: ['--kube-api-qps=5', '--kube-api-burst=0'], expected: limited(5, 30) },
  { argv: ['--kube-api-qps=0'], expected: plain },
  { argv: ['--kube-api-qps', '-1'], expected: plain },
  { argv: ['--kube-api-burst=10'], expected: { ...plain, warnings: [burstWarning] } },
  { argv: ['--kube-api-qps=0', '--kube-api-burst=0'], expected: plain },

  { argv: ['--bind-address=0.0.0.0'], expected: served({ host: '0.0.0.0' }) },
  { argv: ['--bind-address=::', '--secure-port=8443'], expected: served({ host: '::', port: 8443 }) },
  { argv: ['--bind-address='], expected: plain },
  {
    argv: ['--tls-cert-file=tls.crt', '--tls-private-key-file=tls.key'],
    expected: served({ tls: { certFile: 'tls.crt', keyFile: 'tls.key' } }),
  },
  { argv: ['--tls-cert-file=', '--tls-private-key-file='], expected: plain },
  { argv: ['--secure-port=0'], expected: { ...plain, health: undefined } },
  { argv: ['--web-port=0'], expected: { ...plain, webPort: 0 } },
  { argv: ['--web-port', '9000'], expected: { ...plain, webPort: 9000 } },

  { argv: ['-v', '2'], expected: { ...plain, verbosity: 2 } },
  { argv: ['-v=4'], expected: { ...plain, verbosity: 4 } },
  { argv: ['--v=100'], expected: { ...plain, verbosity: 100 } },

  { argv: ['--log-format=json'], expected: plain },
  { argv: ['--log-format', 'text'], expected: { ...plain, logFormat: 'text' } },
  {
    argv: ['--log_format=text'],
    env: { NO_COLOR: '1' },
    expected: { ...plain, logFormat: 'text', color: false },
  },
  {
    argv: ['--log-format=text'],
    env: { NO_COLOR: '', TERM: 'dumb' },
    expected: { ...plain, logFormat: 'text', color: false },
  },

  {
    argv: ['--max-remembered-addresses=0'],
    expected: { ...plain, options: { ...options, maxFormerHolders: 0 } },
  },
  { argv: ['--version'], expected: { kind: 'version' } },
  { argv: ['--version=raw'], expected: { kind: 'version' } },
  { argv: ['--version=false'], expected: plain },

  {
    argv: [
      '--cloud-provider=kubevip',
      '--log_dir',
      '--v=9',
      '--logtostderr',
      '--profiling=false',
      '--port=0',
    ],
    expected: {
      ...plain,
      warnings: [
        'Flags accepted without effect: --cloud-provider (there is no cloud provider, and Nodes are not managed); --profiling, --port (only health checks and metrics are served, without authentication); --log-dir, --logtostderr (the log is written to standard error only)',
      ],
    },
  },
  {
    argv: ['--controllers=*', '--kube-api-burst=1'],
    env: { KUBEVIP_NAMESPACE: 'net', KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'mine' },
    expected: {
      ...plain,
      options: { ...options, configMap: { namespace: 'net', name: 'kubevip' } },
      warnings: [
        'Flags accepted without effect: --controllers (there is only one controller, and all its functions are always on)',
        burstWarning,
        'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=mine has no effect, because class mode is off. To turn it on, set KUBEVIP_ENABLE_LOADBALANCERCLASS=true.',
      ],
    },
  },
];

for (const { argv, env = {}, expected } of runs) {
  test(`the controller parses [${argv.join(' ')}]`, () => {
    assert.deepEqual(controllerRequest(argv, env), expected);
  });
}

test('a flag without effect changes only the warning', () => {
  for (const { reason, booleans, others } of ignoredFlags) {
    const argvs = [
      ...booleans.flatMap((name) => [[`--${name}`], [`--${name}=false`]]),
      ...others.flatMap((name) => [[`--${name}=`], [`--${name}`, '--leader-elect=false']]),
    ];
    for (const argv of argvs) {
      const name = argv[0]?.replace(/=.*/, '');
      const warnings = [`Flags accepted without effect: ${name} (${reason})`];
      assert.deepEqual(controllerRequest(argv, {}), { ...plain, warnings }, argv.join(' '));
    }
  }
});

test('the help fits in 80 columns and lists each flag once and every variable', () => {
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
