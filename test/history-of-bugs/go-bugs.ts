import type { GoBug, Source } from './published-bug.ts';
import {
  create,
  dualStack,
  has,
  isLabeled,
  isService,
  on,
  pools,
  remove,
  requesting,
  start,
  stop,
  warns,
} from './steps.ts';

/** Faults of v0.0.12 without an issue: the tests run it, and docs/upgrade.md has the table. */
function seen(name: string): Source {
  return {
    kind: 'document',
    id: `go-${name}`,
    text: 'kube-vip-cloud-provider v0.0.12',
    url: 'upgrade.md#differences',
  };
}

export const goVersionBugs: readonly GoBug[] = [
  {
    source: seen('static-not-counted'),
    title: 'A requested address is allocated to another Service',
    fault:
      'An address in spec.loadBalancerIP counts only if the Service has the label, which the Go version does not write there.',
    here: 'An address in spec.loadBalancerIP is in use, with or without the label.',
    steps: [
      pools({ 'range-global': '10.1.2.1-10.1.2.9' }),
      create('team/next'),
      create('team/static', { loadBalancerIP: '10.1.2.1' }),
      start(),
    ],
    outcome: [has({ 'team/static': '10.1.2.1', 'team/next': '10.1.2.2' })],
    go: [has({ 'team/static': '10.1.2.1', 'team/next': '10.1.2.1' })],
  },
  {
    source: seen('conflict-in-silence'),
    title: 'A request for a taken address is accepted in silence',
    fault: 'A Service that requested the address of another one got the label, as if it had the address.',
    here: 'The contender gets no label, and a warning names the holder.',
    steps: [
      pools({ 'range-global': '10.1.2.1-10.1.2.9' }),
      start(),
      create('team/holder'),
      create('team/contender', requesting('10.1.2.1')),
      create('team/next'),
    ],
    outcome: [
      isLabeled('team/contender', false),
      warns('team/contender', /10\.1\.2\.1 is already assigned to team\/holder/),
      has({ 'team/holder': '10.1.2.1', 'team/next': '10.1.2.2' }),
    ],
    go: [has({ 'team/holder': '10.1.2.1', 'team/next': '10.1.2.2' }), isLabeled('team/contender', true)],
  },
  {
    source: seen('odd-annotation'),
    title: 'One odd annotation stops all allocation',
    fault:
      'An annotation with a hostname could not be parsed when the addresses in use were counted. No Service in the namespace got an address.',
    here: 'An entry that is not an address concerns its own Service alone.',
    steps: [
      pools({ 'range-global': '10.1.1.1-10.1.1.9' }),
      start(),
      create('odd/named', requesting('lb.example.com')),
      create('odd/next'),
    ],
    outcome: [has({ 'odd/named': 'lb.example.com', 'odd/next': '10.1.1.1' })],
    go: [warns('odd/next', /ParseAddr\("lb\.example\.com"\)/), has({ 'odd/next': null })],
  },
  {
    source: seen('pool-changes-form'),
    title: 'A pool that changes its form and back is ignored until a restart',
    fault:
      'After cidr-… became range-… and cidr-… again, freed addresses of the first form could not be allocated.',
    here: 'Each ConfigMap is read from scratch.',
    steps: [
      pools({ 'cidr-forms': '10.1.2.1/32' }),
      start(),
      create('forms/one'),
      has({ 'forms/one': '10.1.2.1' }),
      pools({ 'range-forms': '10.1.2.5-10.1.2.5' }),
      create('forms/two'),
      has({ 'forms/two': '10.1.2.5' }),
      pools({ 'cidr-forms': '10.1.2.1/32' }),
      remove('forms/one'),
      create('forms/three'),
    ],
    outcome: [has({ 'forms/three': '10.1.2.1' })],
    go: [warns('forms/three', /no addresses available/), has({ 'forms/three': null })],
  },
  {
    source: seen('global-before-namespace'),
    title: 'cidr-global takes precedence over the own pool of a namespace',
    fault: 'A namespace with range-<namespace> got addresses of cidr-global.',
    here: 'The own pool of the namespace comes first.',
    steps: [
      pools({ 'range-both': '10.1.4.1-10.1.4.9', 'cidr-global': '10.1.9.8/29' }),
      start(),
      create('both/web'),
    ],
    outcome: [has({ 'both/web': '10.1.4.1' })],
    go: [has({ 'both/web': '10.1.9.8' })],
  },
  {
    source: seen('ports-by-number'),
    title: 'TCP 53 and UDP 53 cannot share an address',
    fault: 'Ports were compared by their number, without the protocol.',
    here: 'Protocol and port are compared together.',
    steps: [
      pools({ 'range-share': '10.1.3.8-10.1.3.15', 'allow-share-share': 'true' }),
      start(),
      create('share/udp', on('UDP 53')),
      create('share/tcp', on('TCP 53')),
    ],
    outcome: [has({ 'share/udp': '10.1.3.8', 'share/tcp': '10.1.3.8' })],
    go: [has({ 'share/udp': '10.1.3.8', 'share/tcp': '10.1.3.9' })],
  },
  {
    source: seen('joins-outside-pool'),
    title: 'A Service joins an address outside its pool',
    fault:
      'With sharing, a Service got an address that another one had requested from elsewhere, which its own pool does not contain.',
    here: 'A Service shares only addresses of its own pool.',
    steps: [
      pools({ 'range-share': '10.1.3.8-10.1.3.15', 'allow-share-share': 'true' }),
      start(),
      create('share/static', { ...requesting('172.16.0.9'), ...on('TCP 81') }),
      create('share/joins', on('TCP 80')),
    ],
    outcome: [has({ 'share/static': '172.16.0.9', 'share/joins': '10.1.3.8' })],
    go: [has({ 'share/joins': '172.16.0.9' })],
  },
  {
    source: seen('dual-stack-shares'),
    title: 'A dual-stack Service shares its IPv4 address',
    fault:
      'A dual-stack Service joined the IPv4 address of another one. When one of the two is deleted, kube-vip forgets the other address as well.',
    here: 'Only SingleStack IPv4 Services share.',
    steps: [
      pools({ 'range-share': '10.1.3.8-10.1.3.15,2001:db8:3::1-2001:db8:3::9', 'allow-share-share': 'true' }),
      start(),
      create('share/single', on('TCP 81')),
      create('share/dual', { ...dualStack, ...on('TCP 80') }),
    ],
    outcome: [has({ 'share/single': '10.1.3.8', 'share/dual': '10.1.3.9,2001:db8:3::1' })],
    go: [has({ 'share/single': '10.1.3.8', 'share/dual': '10.1.3.8,2001:db8:3::1' })],
  },
  {
    source: seen('merged-blocks'),
    title: 'The ends of blocks that touch are trimmed after they are merged',
    fault: 'With skip-end-ips-in-cidr, two blocks that touch lost only the ends of the whole.',
    here: 'Each block loses its own ends, as written; a /31 has none.',
    steps: [
      pools({ 'cidr-merged': '10.1.6.4/31,10.1.6.6/31', 'skip-end-ips-in-cidr': 'true' }),
      start(),
      create('merged/web'),
    ],
    outcome: [has({ 'merged/web': '10.1.6.4' })],
    go: [has({ 'merged/web': '10.1.6.5' })],
  },
  {
    source: seen('finalizer'),
    title: 'Without the controller, a Service cannot be deleted',
    fault:
      'The Go version sets a finalizer on each Service. If it is uninstalled or does not run, a deletion hangs.',
    here: 'The controller sets no finalizer.',
    steps: [
      pools({ 'range-global': '10.1.2.1-10.1.2.9' }),
      start(),
      create('team/web'),
      has({ 'team/web': '10.1.2.1' }),
      stop(),
      remove('team/web'),
    ],
    outcome: [isService('team/web', false)],
    go: [isService('team/web', true)],
  },
];
