import { holdWrite, isHeld, release, wrote } from './faults.ts';
import { issue, type PublishedBug } from './published-bug.ts';
import { create, edit, has, hasSpecIP, isConfigMap, on, pools, requesting, restart, start } from './steps.ts';

const kubeVip = 'kube-vip/kube-vip';
const provider = 'kube-vip/kube-vip-cloud-provider';

export const kubeVipBugs: readonly PublishedBug[] = [
  {
    source: issue(kubeVip, 51),
    title: 'After a reboot, two Services have one address, and one Service has moved',
    fault:
      'After the only server was rebooted, two Services had the same address, and one of them had had another one before.',
    here: 'The addresses are read from the Services at the start. Nothing is assigned before.',
    steps: [
      pools({ 'range-global': '10.123.204.1-10.123.204.9' }),
      start(),
      create('kafka/registry', on('TCP 8081')),
      create('web/webapp', on('TCP 80')),
      create('db/xtradb', on('TCP 3306')),
      restart(),
      restart(),
    ],
    outcome: [
      has({ 'kafka/registry': '10.123.204.1', 'web/webapp': '10.123.204.2', 'db/xtradb': '10.123.204.3' }),
      wrote('PATCH kafka/registry 200', 'PATCH web/webapp 200', 'PATCH db/xtradb 200'),
    ],
  },
  {
    source: issue(kubeVip, 400),
    title: 'Each namespace gets the same addresses from the global pool',
    fault:
      'Only the Services of the own namespace counted as users of the global pool, so each namespace started at its first address.',
    here: 'An address is in use if any Service in the cluster shows it.',
    steps: [
      pools({ 'range-global': '10.0.10.51-10.0.10.100' }),
      start(),
      create('namespace-1/first'),
      create('namespace-1/second'),
      create('namespace-2/first'),
      create('namespace-2/second'),
    ],
    outcome: [
      has({
        'namespace-1/first': '10.0.10.51',
        'namespace-1/second': '10.0.10.52',
        'namespace-2/first': '10.0.10.53',
        'namespace-2/second': '10.0.10.54',
      }),
    ],
  },
  {
    source: issue(kubeVip, 1006),
    title: 'An address that a DHCP server has leased to a Service is allocated again',
    fault:
      'A Service had requested an address by DHCP. The lease was an address of the pool, and the next Service on the same port got it.',
    here: 'The lease, which kube-vip writes to an annotation, counts as in use.',
    steps: [
      pools({ 'range-global': '192.168.128.1-192.168.128.9' }),
      create('team/dhcp', {
        annotations: { ...requesting('0.0.0.0').annotations, 'kube-vip.io/requestedIP': '192.168.128.1' },
        labels: { implementation: 'kube-vip' },
      }),
      start(),
      create('team/next'),
    ],
    outcome: [has({ 'team/dhcp': '0.0.0.0', 'team/next': '192.168.128.2' })],
    go: [has({ 'team/dhcp': '0.0.0.0', 'team/next': '192.168.128.1' })],
  },
  {
    source: issue(provider, 14),
    title: 'A write that conflicts with another edit',
    fault: 'The Service changed between the decision and the update, and the update failed with a conflict.',
    here: 'The rejected write releases its address, and the Service is decided again on its new state. No other Service is affected.',
    steps: [
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      start(),
      holdWrite('team/web'),
      create('team/web'),
      isHeld(),
      edit('team/web', 'set a label', { metadata: { labels: { app: 'web' } } }),
      release(),
      create('team/next'),
    ],
    outcome: [
      has({ 'team/web': '10.0.0.1', 'team/next': '10.0.0.2' }),
      wrote('PATCH team/web 409', 'PATCH team/web 200', 'PATCH team/next 200'),
    ],
  },
  {
    source: issue(provider, 15),
    title: 'A GitOps tool that restores the ConfigMap erases the allocations',
    fault:
      'Allocations were kept in the ConfigMap of the pools. Where a GitOps tool deployed that ConfigMap, addresses were given out again.',
    here: 'The controller writes nothing to the ConfigMap. What is allocated is on the Services.',
    steps: [
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      start(),
      create('web4/nginx4'),
      pools(null),
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      create('web3/nginx3'),
    ],
    outcome: [has({ 'web4/nginx4': '10.0.0.1', 'web3/nginx3': '10.0.0.2' })],
  },
  {
    source: issue(provider, 32),
    title: 'An address that a user adds later is ignored',
    fault:
      'A user added spec.loadBalancerIP to a Service that had an address. An event said that the address changes, but it did not.',
    here: 'The field that differs from the allocation record is what the user changed, and is honored.',
    steps: [
      pools({ 'range-global': '192.168.2.100-192.168.2.109' }),
      start(),
      create('home/coredns', on('UDP 53')),
      has({ 'home/coredns': '192.168.2.100' }),
      edit('home/coredns', 'set spec.loadBalancerIP to 192.168.2.105', {
        spec: { loadBalancerIP: '192.168.2.105' },
      }),
      create('home/next'),
    ],
    outcome: [has({ 'home/coredns': '192.168.2.105', 'home/next': '192.168.2.100' })],
    go: [
      has({ 'home/next': '192.168.2.101', 'home/coredns': '192.168.2.100' }),
      hasSpecIP('home/coredns', '192.168.2.105'),
    ],
  },
  {
    source: issue(provider, 59),
    title: 'A Service with only the annotation gets another address as well',
    fault:
      'v0.0.5 checked only spec.loadBalancerIP. A Service whose annotation named an address got another one from the pool.',
    here: 'The annotation decides. spec.loadBalancerIP is completed from it.',
    steps: [
      pools({ 'range-global': '192.168.10.240-192.168.10.249' }),
      start(),
      create('apt/cacher', requesting('192.168.10.243')),
    ],
    outcome: [
      has({ 'apt/cacher': '192.168.10.243' }),
      hasSpecIP('apt/cacher', '192.168.10.243'),
      wrote('PATCH apt/cacher 200'),
    ],
  },
  {
    source: issue(provider, 127),
    title: 'The first and last address of a block',
    fault:
      'Whether the ends of a block are allocated changed between versions, without a key at first. v0.0.12 allocates the network address of a block unless a key says otherwise.',
    here: 'The ends of a block are excluded, as the README says; `skip-end-ips-in-cidr: "false"` includes them. A Service that holds an end keeps it.',
    steps: [pools({ 'cidr-global': '10.1.0.8/30' }), start(), create('team/first')],
    outcome: [
      has({ 'team/first': '10.1.0.9' }),
      create('team/second'),
      create('team/third'),
      has({ 'team/second': '10.1.0.10', 'team/third': null }),
      pools({ 'cidr-global': '10.1.0.8/30', 'skip-end-ips-in-cidr': 'false' }),
      has({ 'team/third': '10.1.0.8' }),
    ],
    go: [has({ 'team/first': '10.1.0.8' })],
  },
  {
    source: issue('kube-vip/helm-charts', 47),
    title: 'The controller creates an empty ConfigMap, and uses that one',
    fault:
      'A second, empty ConfigMap was created in another namespace and used, so no Service got an address.',
    here: 'The controller creates no ConfigMap. A missing one means that there are no pools yet.',
    steps: [start(), create('team/web')],
    outcome: [
      isConfigMap(false),
      has({ 'team/web': null }),
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      has({ 'team/web': '10.0.0.1' }),
    ],
    go: [isConfigMap(true), has({ 'team/web': null })],
  },
];
