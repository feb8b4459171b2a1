import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerRequest } from '../../src/cmd/controller/controller-arguments.ts';
import type { Environment } from '../../src/cmd/flags/environment.ts';

const shorten =
  'Shorten the deadline or lengthen the duration: a holder that cannot renew must stop before the Lease is free.';
const moreThanJitter =
  'Shorten the period or lengthen the deadline: it must be more than 1.2 times the period.';

const wrongRuns: { argv: string[]; env?: Environment; says: string }[] = [
  { argv: ['--kubeconfg', 'x'], says: 'there is no flag "--kubeconfg". Do you mean --kubeconfig?' },
  { argv: ['--outsidecluster'], says: 'there is no flag "--outsidecluster". Do you mean --OutSideCluster?' },
  {
    argv: ['--leader-elect-name=x'],
    says: 'there is no flag "--leader-elect-name". Do you mean --leader-elect?',
  },
  { argv: ['--cloud-provder=x'], says: 'there is no flag "--cloud-provder". Do you mean --cloud-provider?' },
  { argv: ['--frobnicate'], says: 'there is no flag "--frobnicate". Write --help for the flags there are.' },
  { argv: ['--kubeconfig'], says: '--kubeconfig needs a file: write --kubeconfig FILE.' },
  { argv: ['--kubeconfig', '--version'], says: '--kubeconfig needs a file: write --kubeconfig FILE.' },
  { argv: ['--cloud-config'], says: '--cloud-config needs a value: write --cloud-config VALUE.' },
  {
    argv: ['--leader-elect', 'false'],
    says: '"false" is no flag. The value of a true-or-false flag is written with "=": --leader-elect=false.',
  },
  { argv: ['start'], says: '"start" is no flag. The controller takes only flags.' },
  { argv: ['--', '--leader-elect'], says: '"--leader-elect" is no flag. The controller takes only flags.' },
  {
    argv: ['--leader-elect=no'],
    says: '--leader-elect is true or false, not "no". Write --leader-elect=true or --leader-elect=false.',
  },
  {
    argv: ['--profiling=no'],
    says: '--profiling is true or false, not "no". Write --profiling=true or --profiling=false.',
  },

  {
    argv: ['--master=ftp://10.0.0.1'],
    says: '--master is "ftp://10.0.0.1", which is no address of a server. Write it like https://10.0.0.1:6443.',
  },
  {
    argv: ['--master=fd00::1'],
    says: '--master is "fd00::1", which is no address of a server. Write it like https://10.0.0.1:6443.',
  },

  {
    argv: ['--leader-elect-resource-name=My Lease'],
    says: '--leader-elect-resource-name is "My Lease", which cannot be a name in Kubernetes. Write one like kube-vip-cloud-controller.',
  },
  {
    argv: ['--leader-elect-resource-name='],
    says: '--leader-elect-resource-name needs a name: write --leader-elect-resource-name NAME.',
  },
  {
    argv: ['--leader-elect-resource-namespace=kube.system'],
    says: '--leader-elect-resource-namespace is "kube.system", which cannot be a namespace. Write one like kube-system.',
  },
  ...['endpoints', 'configmaps', 'endpointsleases', 'configmapsleases'].map((lock) => ({
    argv: [`--leader-elect-resource-lock=${lock}`],
    says: `--leader-elect-resource-lock is "${lock}", which Kubernetes gave up. Write leases, or leave the flag out.`,
  })),
  {
    argv: ['--leader-elect-resource-lock=Leases'],
    says: '--leader-elect-resource-lock is "Leases", which is no kind of lock. Write leases, or leave the flag out.',
  },
  {
    argv: ['--leader-elect-lease-duration=20'],
    says: '--leader-elect-lease-duration is a duration like 15s, 1m30s or 500ms, not "20". Do you mean 20s?',
  },
  {
    argv: ['--leader-elect-retry-period=often'],
    says: '--leader-elect-retry-period is a duration like 15s, 1m30s or 500ms, not "often". Leave it out for the default, 2s.',
  },
  {
    argv: ['--leader-elect-lease-duration=999ms'],
    says: '--leader-elect-lease-duration=999ms is too short for a Lease, which holds whole seconds. Write 1s or more.',
  },
  {
    argv: ['--leader-elect-lease-duration', '-15s'],
    says: '--leader-elect-lease-duration=-15s is too short for a Lease, which holds whole seconds. Write 1s or more.',
  },
  {
    argv: ['--leader-elect-lease-duration=597h'],
    says: '--leader-elect-lease-duration=597h is too long. Write 596h or less.',
  },
  {
    argv: ['--leader-elect-lease-duration=10s'],
    says: `--leader-elect-renew-deadline=10s (the default) is not less than the whole seconds of --leader-elect-lease-duration=10s. ${shorten}`,
  },
  // For others the Lease is free after 10 s.
  {
    argv: ['--leader-elect-lease-duration=10.9s', '--leader-elect-renew-deadline=10.5s'],
    says: `--leader-elect-renew-deadline=10.5s is not less than the whole seconds of --leader-elect-lease-duration=10.9s. ${shorten}`,
  },
  {
    argv: ['--leader-elect-renew-deadline=2.4s'],
    says: `--leader-elect-retry-period=2s (the default) is too long for --leader-elect-renew-deadline=2.4s. ${moreThanJitter}`,
  },
  {
    argv: ['--leader-elect-retry-period=9s'],
    says: `--leader-elect-retry-period=9s is too long for --leader-elect-renew-deadline=10s (the default). ${moreThanJitter}`,
  },
  {
    argv: ['--leader-elect-retry-period=0'],
    says: '--leader-elect-retry-period=0 is not above zero. Write 2s, for example.',
  },

  ...['0', '-1', '1.5', '0x10', '010', '2147483648', 'many'].map((number) => ({
    argv: [`--concurrent-service-syncs=${number}`],
    says: `--concurrent-service-syncs is a whole number from 1 on, not "${number}". Leave it out for the default, 16.`,
  })),
  ...['fast', '1,5', '20/s', 'inf', '.', '0x1p3'].map((number) => ({
    argv: [`--kube-api-qps=${number}`],
    says: `--kube-api-qps is a number like 20 or 0.5, not "${number}". Leave it out for the default, 0.`,
  })),
  {
    argv: ['--kube-api-burst=-1'],
    says: '--kube-api-burst is a whole number from 0 on, not "-1". Leave it out for the default, 30.',
  },
  {
    argv: ['--bind-address=localhost'],
    says: '--bind-address is "localhost", which is no IP address. Write 0.0.0.0 or :: for every interface.',
  },
  {
    argv: ['--secure-port=65536'],
    says: '--secure-port is a whole number from 0 to 65535, not "65536". Leave it out for the default, 10258.',
  },
  {
    argv: ['--tls-cert-file=tls.crt'],
    says: '--tls-cert-file needs --tls-private-key-file beside it. Give both, or none for plain HTTP.',
  },
  {
    argv: ['--tls-private-key-file=tls.key', '--tls-cert-file='],
    says: '--tls-private-key-file needs --tls-cert-file beside it. Give both, or none for plain HTTP.',
  },
  {
    argv: ['-v', 'much'],
    says: '-v is a whole number from 0 on, not "much". Leave it out for the default, 0.',
  },

  {
    argv: ['--log-format=jsn'],
    says: '--log-format is json or text, not "jsn". Do you mean json?',
  },
  {
    argv: ['--log-format='],
    says: '--log-format needs a format: write --log-format FORMAT.',
  },
  {
    argv: ['--log-format=xml'],
    says: '--log-format is json or text, not "xml". Leave it out for the default, json.',
  },

  // Everything that is wrong is told at once.
  {
    argv: ['--secure-port=x', '-v=y'],
    env: { KUBEVIP_NAMESPACE: '-' },
    says: [
      '--secure-port is a whole number from 0 to 65535, not "x". Leave it out for the default, 10258.',
      '-v is a whole number from 0 on, not "y". Leave it out for the default, 0.',
      'KUBEVIP_NAMESPACE is "-", which cannot be a name in Kubernetes. Set it to a name like kube-system.',
    ].join('\n'),
  },
];

for (const { argv, env = {}, says } of wrongRuns) {
  test(`the controller refuses [${argv.join(' ')}]`, () => {
    const message = `${says}\nWrite kube-vip-cloud-provider --help for what there is.`;
    assert.deepEqual(controllerRequest(argv, env), { kind: 'usage', message });
  });
}
