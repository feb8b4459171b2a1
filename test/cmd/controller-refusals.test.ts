import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerRequest } from '../../src/cmd/controller/controller-arguments.ts';
import type { Environment } from '../../src/cmd/flags/environment.ts';

const deadlineAdvice =
  'Shorten the deadline or lengthen the duration: a leader that cannot renew must stop before the Lease expires.';
const periodAdvice =
  'Shorten the period or lengthen the deadline: the deadline must be more than 1.2 times the period.';

const invalidRuns: { argv: string[]; env?: Environment; error: string }[] = [
  { argv: ['--kubeconfg', 'x'], error: 'Unknown flag "--kubeconfg". Did you mean --kubeconfig?' },
  { argv: ['--outsidecluster'], error: 'Unknown flag "--outsidecluster". Did you mean --OutSideCluster?' },
  {
    argv: ['--leader-elect-name=x'],
    error: 'Unknown flag "--leader-elect-name". Did you mean --leader-elect?',
  },
  { argv: ['--cloud-provder=x'], error: 'Unknown flag "--cloud-provder". Did you mean --cloud-provider?' },
  { argv: ['--frobnicate'], error: 'Unknown flag "--frobnicate".' },
  { argv: ['--kubeconfig'], error: '--kubeconfig requires a file. Use --kubeconfig FILE.' },
  { argv: ['--kubeconfig', '--version'], error: '--kubeconfig requires a file. Use --kubeconfig FILE.' },
  { argv: ['--cloud-config'], error: '--cloud-config requires a value. Use --cloud-config VALUE.' },
  {
    argv: ['--leader-elect', 'false'],
    error: 'Unexpected argument "false". Set a boolean flag with "=": --leader-elect=false.',
  },
  { argv: ['start'], error: 'Unexpected argument "start". The controller accepts only flags.' },
  {
    argv: ['--', '--leader-elect'],
    error: 'Unexpected argument "--leader-elect". The controller accepts only flags.',
  },
  {
    argv: ['--leader-elect=no'],
    error: '--leader-elect must be true or false, not "no". Use --leader-elect=true or --leader-elect=false.',
  },
  {
    argv: ['--profiling=no'],
    error: '--profiling must be true or false, not "no". Use --profiling=true or --profiling=false.',
  },

  {
    argv: ['--master=ftp://10.0.0.1'],
    error: '--master="ftp://10.0.0.1" is not a valid server URL. Use a URL such as https://10.0.0.1:6443.',
  },
  {
    argv: ['--master=fd00::1'],
    error: '--master="fd00::1" is not a valid server URL. Use a URL such as https://10.0.0.1:6443.',
  },

  {
    argv: ['--leader-elect-resource-name=My Lease'],
    error:
      '--leader-elect-resource-name="My Lease" is not a valid name in Kubernetes. Use a name such as kube-vip-cloud-controller.',
  },
  {
    argv: ['--leader-elect-resource-name='],
    error: '--leader-elect-resource-name requires a name. Use --leader-elect-resource-name NAME.',
  },
  {
    argv: ['--leader-elect-resource-namespace=kube.system'],
    error:
      '--leader-elect-resource-namespace="kube.system" is not a valid namespace. Use a namespace such as kube-system.',
  },
  ...['endpoints', 'configmaps', 'endpointsleases', 'configmapsleases'].map((lock) => ({
    argv: [`--leader-elect-resource-lock=${lock}`],
    error: `--leader-elect-resource-lock="${lock}" is a lock type that Kubernetes no longer supports. Use leases, or omit the flag.`,
  })),
  {
    argv: ['--leader-elect-resource-lock=Leases'],
    error: '--leader-elect-resource-lock="Leases" is not a valid lock type. Use leases, or omit the flag.',
  },
  {
    argv: ['--leader-elect-lease-duration=20'],
    error:
      '--leader-elect-lease-duration must be a duration such as 15s, 1m30s, or 500ms, not "20". Did you mean 20s?',
  },
  {
    argv: ['--leader-elect-retry-period=often'],
    error:
      '--leader-elect-retry-period must be a duration such as 15s, 1m30s, or 500ms, not "often". To use the default, 2s, omit the flag.',
  },
  {
    argv: ['--leader-elect-lease-duration=999ms'],
    error:
      '--leader-elect-lease-duration=999ms is too short for a Lease, which stores whole seconds. Use 1s or more.',
  },
  {
    argv: ['--leader-elect-lease-duration', '-15s'],
    error:
      '--leader-elect-lease-duration=-15s is too short for a Lease, which stores whole seconds. Use 1s or more.',
  },
  {
    argv: ['--leader-elect-lease-duration=597h'],
    error: '--leader-elect-lease-duration=597h is too long. Use 596h or less.',
  },
  {
    argv: ['--leader-elect-lease-duration=10s'],
    error: `--leader-elect-renew-deadline=10s (default) must be less than --leader-elect-lease-duration=10s in whole seconds. ${deadlineAdvice}`,
  },
  // Other replicas see a Lease of 10 s.
  {
    argv: ['--leader-elect-lease-duration=10.9s', '--leader-elect-renew-deadline=10.5s'],
    error: `--leader-elect-renew-deadline=10.5s must be less than --leader-elect-lease-duration=10.9s in whole seconds. ${deadlineAdvice}`,
  },
  {
    argv: ['--leader-elect-renew-deadline=2.4s'],
    error: `--leader-elect-retry-period=2s (default) is too long for --leader-elect-renew-deadline=2.4s. ${periodAdvice}`,
  },
  {
    argv: ['--leader-elect-retry-period=9s'],
    error: `--leader-elect-retry-period=9s is too long for --leader-elect-renew-deadline=10s (default). ${periodAdvice}`,
  },
  {
    argv: ['--leader-elect-retry-period=0'],
    error: '--leader-elect-retry-period=0 must be greater than zero. Use 2s, for example.',
  },

  ...['0', '-1', '1.5', '0x10', '010', '2147483648', 'many'].map((number) => ({
    argv: [`--concurrent-service-syncs=${number}`],
    error: `--concurrent-service-syncs must be a whole number of at least 1, not "${number}". To use the default, 16, omit the flag.`,
  })),
  ...['fast', '1,5', '20/s', 'inf', '.', '0x1p3'].map((number) => ({
    argv: [`--kube-api-qps=${number}`],
    error: `--kube-api-qps must be a number such as 20 or 0.5, not "${number}". To use the default, 0, omit the flag.`,
  })),
  {
    argv: ['--kube-api-burst=-1'],
    error:
      '--kube-api-burst must be a whole number of at least 0, not "-1". To use the default, 30, omit the flag.',
  },
  {
    argv: ['--bind-address=localhost'],
    error: '--bind-address="localhost" is not an IP address. To listen on all interfaces, use 0.0.0.0 or ::.',
  },
  {
    argv: ['--secure-port=65536'],
    error:
      '--secure-port must be a whole number from 0 to 65535, not "65536". To use the default, 10258, omit the flag.',
  },
  {
    argv: ['--tls-cert-file=tls.crt'],
    error: '--tls-cert-file requires --tls-private-key-file. Set both, or neither to serve plain HTTP.',
  },
  {
    argv: ['--tls-private-key-file=tls.key', '--tls-cert-file='],
    error: '--tls-private-key-file requires --tls-cert-file. Set both, or neither to serve plain HTTP.',
  },
  {
    argv: ['-v', 'much'],
    error: '-v must be a whole number of at least 0, not "much". To use the default, 0, omit the flag.',
  },

  {
    argv: ['--log-format=jsn'],
    error: '--log-format must be json or text, not "jsn". Did you mean json?',
  },
  {
    argv: ['--log-format='],
    error: '--log-format requires a format. Use --log-format FORMAT.',
  },
  {
    argv: ['--log-format=xml'],
    error: '--log-format must be json or text, not "xml". To use the default, json, omit the flag.',
  },

  // All errors are reported at once.
  {
    argv: ['--secure-port=x', '-v=y'],
    env: { KUBEVIP_NAMESPACE: '-' },
    error: [
      '--secure-port must be a whole number from 0 to 65535, not "x". To use the default, 10258, omit the flag.',
      '-v must be a whole number of at least 0, not "y". To use the default, 0, omit the flag.',
      'KUBEVIP_NAMESPACE="-" is not a valid name in Kubernetes. Set it to a name such as kube-system.',
    ].join('\n'),
  },
];

for (const { argv, env = {}, error } of invalidRuns) {
  test(`the controller rejects [${argv.join(' ')}]`, () => {
    const message = `${error}\nRun "kube-vip-cloud-provider --help" for usage.`;
    assert.deepEqual(controllerRequest(argv, env), { kind: 'usage', message });
  });
}
