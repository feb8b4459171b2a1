import { names } from '../e2e/objects.ts';
import {
  areDistinct,
  holdLists,
  holdWrite,
  isHeld,
  leads,
  passes,
  release,
  reports,
  stallWatches,
  startReplica,
  stopReplica,
  wrote,
} from './faults.ts';
import { issue, type PublishedBug, pull } from './published-bug.ts';
import {
  announce,
  create,
  edit,
  has,
  isService,
  pools,
  remove,
  requesting,
  restart,
  start,
  stop,
  warns,
} from './steps.ts';

const few = { 'range-global': '10.0.0.1-10.0.0.3' };
const crowd = ['team/a', 'team/b', 'team/c'];

/** Calico, Antrea, OpenELB, PureLB, Harvester, k3s, and the allocators of Kubernetes. */
export const otherBugs: readonly PublishedBug[] = [
  {
    source: issue('projectcalico/calico', 12503),
    title: 'After a cold start, a Service has two addresses',
    fault:
      'A Service was processed before the cache of allocations was full. It seemed to have no address and got a second one. Then the cache brought the first one, and both were shown.',
    here: 'There is no second store that could be behind: the address is on the Service itself, and nothing is decided before the list is complete.',
    steps: [
      pools(few),
      start(),
      create('team/web'),
      create('team/api'),
      stop(),
      holdLists(),
      start(),
      edit('team/web', 'set a label', { metadata: { labels: { tier: 'front' } } }),
      create('team/new'),
      release(),
    ],
    outcome: [
      has({ 'team/web': '10.0.0.1', 'team/api': '10.0.0.2', 'team/new': '10.0.0.3' }),
      wrote('PATCH team/web 200', 'PATCH team/api 200', 'PATCH team/new 200'),
    ],
  },
  {
    source: pull('projectcalico/calico', 10631),
    title: 'A Service of another load balancer class gets an address',
    fault: 'The controller assigned addresses without regard to spec.loadBalancerClass.',
    here: 'A Service of another class is ignored; the address that it shows is in use.',
    steps: [
      pools(few),
      start(),
      create('team/foreign', { loadBalancerClass: 'example.com/other' }),
      create('team/claims', { loadBalancerClass: 'example.com/other', loadBalancerIP: '10.0.0.1' }),
      create('team/ours'),
    ],
    outcome: [
      has({ 'team/foreign': null, 'team/claims': null, 'team/ours': '10.0.0.2' }),
      wrote('PATCH team/ours 200'),
    ],
  },
  {
    source: issue('antrea-io/antrea', 8411),
    title: 'Two pools that overlap can give out one address twice',
    fault:
      'Two pools with common addresses were created at the same time, past the check for overlaps. Each had an allocator of its own.',
    here: 'Pools may overlap. There is one ledger for the whole cluster. The Go version counts only the own namespace for such a pool.',
    steps: [
      pools({ 'range-a': '10.0.0.1-10.0.0.9', 'range-b': '10.0.0.1-10.0.0.9' }),
      start(),
      create('a/web'),
      create('b/web'),
    ],
    outcome: [has({ 'a/web': '10.0.0.1', 'b/web': '10.0.0.2' })],
    go: [has({ 'a/web': '10.0.0.1', 'b/web': '10.0.0.1' })],
  },
  {
    source: issue('antrea-io/antrea', 6582),
    title: 'Blocks of one or two addresses have no address',
    fault:
      'The first and last address were removed from a /32 and a /31, too, so nothing was left, and Services stayed pending.',
    here: 'A /31 keeps both addresses (RFC 3021), and a /32 its only one.',
    steps: [
      pools({ 'cidr-test32': '2.2.2.1/32', 'cidr-test31': '3.3.3.2/31' }),
      start(),
      create('test32/a'),
      create('test31/a'),
      create('test31/b'),
    ],
    outcome: [has({ 'test32/a': '2.2.2.1', 'test31/a': '3.3.3.2', 'test31/b': '3.3.3.3' })],
  },
  {
    source: issue('antrea-io/antrea', 7868),
    title: 'The address of the gateway is allocated',
    fault:
      'The block of a pool contained the gateway of its subnet, which is known from the same object, and it was the first address to be allocated.',
    here: 'The controller does not know gateways. `exclude-global` names them for all pools, however these overlap.',
    steps: [
      pools({ 'cidr-global': '192.168.1.144/28', 'exclude-global': '192.168.1.145' }),
      start(),
      create('team/egress'),
    ],
    outcome: [has({ 'team/egress': '192.168.1.146' })],
  },
  {
    source: pull('antrea-io/antrea', 5898),
    title: 'Ranges from the end to the start, and of mixed IP families, are accepted',
    fault: 'A range was not checked for its order and its IP family when it was created.',
    here: 'An invalid entry is reported with its reason, and the valid ones of the same pool work. In the Go version, one invalid entry spoils the pool.',
    steps: [
      pools({ 'range-global': '10.0.0.9-10.0.0.1,10.0.0.1-2001:db8::1,10.0.0.20-10.0.0.29' }),
      start(),
      create('team/web'),
    ],
    outcome: [
      has({ 'team/web': '10.0.0.20' }),
      reports('kube-system/kubevip', /10\.0\.0\.9-10\.0\.0\.1/),
      reports('kube-system/kubevip', /10\.0\.0\.1-2001:db8::1/),
    ],
    go: [warns('team/web', /./), has({ 'team/web': null })],
  },
  {
    source: issue('openelb/openelb', 271),
    title: 'Addresses of Services that are deleted together are lost',
    fault:
      'When several Services and their pool were deleted at the same time, some addresses were not released.',
    here: 'What is in use follows from the Services that exist. A deletion cannot be missed, because a list replaces everything.',
    steps: [
      pools(few),
      start(),
      ...crowd.map((key) => create(key)),
      stop(),
      remove('team/a'),
      start(),
      pools({}),
      remove('team/b'),
      remove('team/c'),
      pools(few),
      ...crowd.map((key) => create(key)),
    ],
    outcome: [has({ 'team/a': '10.0.0.1', 'team/b': '10.0.0.2', 'team/c': '10.0.0.3' })],
  },
  {
    source: pull('openelb/openelb', 418),
    title: 'A new pool does not help the Services that wait for one',
    fault: 'Services without an address were not checked again when a pool was created.',
    here: 'A change of the ConfigMap decides on all Services again, at once.',
    steps: [
      pools({}),
      start(),
      create('team/a'),
      create('team/b'),
      has({ 'team/a': null, 'team/b': null }),
      pools(few),
    ],
    outcome: [has({ 'team/a': '10.0.0.1', 'team/b': '10.0.0.2' })],
  },
  {
    source: issue('openelb/openelb', 322),
    title: 'A Service with two contradicting requests changes its address again and again',
    fault:
      'Charts had written the same annotation twice, with different values. The address of the Service changed without end.',
    here: 'If the annotation and spec.loadBalancerIP differ and there is no record, the annotation wins. One write makes them agree, and nothing follows.',
    steps: [
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      start(),
      create('team/web', { ...requesting('10.0.0.5'), loadBalancerIP: '10.0.0.6' }),
      restart(),
      edit('team/web', 'set a label', { metadata: { labels: { app: 'web' } } }),
    ],
    outcome: [has({ 'team/web': '10.0.0.5' }), wrote('PATCH team/web 200')],
  },
  {
    source: {
      kind: 'document',
      id: 'purelb-0.17.0',
      text: 'purelb/purelb, notes for v0.17.0',
      url: 'https://github.com/purelb/purelb/blob/04c7a565edbb5bf737dc74d2e28031b468e5704c/docs/v0.17.0-release-material.md',
    },
    title: 'During a rolling update, two allocators use the same pools',
    fault:
      'The Deployment kept the default strategy, so that each update ran two allocators on the same pools for a moment.',
    here: 'The new replica is a standby until the old one has released the Lease. Then it lists everything again before it assigns an address.',
    steps: [
      pools(few),
      startReplica('old'),
      create('team/a'),
      startReplica('new'),
      stallWatches('new'),
      create('team/b'),
      leads('old'),
      leads('new', false),
      stopReplica('old'),
      leads('new'),
      create('team/c'),
    ],
    outcome: [
      areDistinct('team/a', 'team/b', 'team/c'),
      wrote('PATCH team/a 200', 'PATCH team/b 200', 'PATCH team/c 200'),
    ],
  },
  {
    source: issue('kubernetes/kubernetes', 37488),
    title: 'A repair frees an address between its allocation and the write of its Service',
    fault:
      'The allocator of cluster IPs wrote the address first and the Service later. A repair in between found no Service with the address, freed it, and it was given out again.',
    here: 'An address is reserved from the decision until the outcome of the write is known, also if every Service is decided again meanwhile.',
    steps: [
      pools(few),
      start(),
      holdWrite('team/slow'),
      create('team/slow'),
      isHeld(),
      pools({ 'range-global': '10.0.0.1-10.0.0.4' }),
      create('team/quick'),
      has({ 'team/slow': null, 'team/quick': '10.0.0.2' }),
      release(),
    ],
    outcome: [has({ 'team/slow': '10.0.0.1', 'team/quick': '10.0.0.2' })],
  },
  {
    source: issue('kubernetes/kubernetes', 104769),
    title: 'The address of a Service that waits for its finalizer leaks',
    fault:
      'A repair that ran while a Service was being deleted kept its address as allocated for minutes after the Service was gone.',
    here: 'A Service keeps its address until it is gone from the API. At that moment, the address goes to the oldest pending Service.',
    steps: [
      pools({ 'range-global': '10.0.0.1' }),
      start(),
      create('team/old', { finalizers: ['example.com/hold'] }),
      create('team/next'),
      remove('team/old'),
      has({ 'team/old': '10.0.0.1', 'team/next': null }),
      restart(),
      has({ 'team/old': '10.0.0.1', 'team/next': null }),
      edit('team/old', 'remove the finalizer', { metadata: { finalizers: null } }),
    ],
    outcome: [isService('team/old', false), has({ 'team/next': '10.0.0.1' })],
  },
  {
    source: issue('kubernetes/kubernetes', 53451),
    title: 'What is deleted while no controller runs is never released',
    fault:
      'The service controller forgot deletions that happened around its restart, and load balancers were left behind.',
    here: 'There is nothing to release: an address that no Service shows is free.',
    steps: [
      pools({ 'range-global': '10.0.0.1' }),
      start(),
      create('team/old'),
      create('team/next'),
      stop(),
      remove('team/old'),
      start(),
    ],
    outcome: [has({ 'team/next': '10.0.0.1' })],
  },
  {
    source: issue('kubernetes/kubernetes', 97076),
    title: 'An external IP of one Service is allocated to another',
    fault:
      'A Service that names an address in spec.externalIPs receives its traffic, whichever Service has the address (CVE-2020-8554).',
    here: 'External IPs of Services of any type are in use, so no pool gives them out.',
    steps: [
      pools(few),
      create('team/legacy', { type: 'ClusterIP', externalIPs: ['10.0.0.1'] }),
      start(),
      create('team/web'),
    ],
    outcome: [has({ 'team/web': '10.0.0.2' })],
  },
  {
    source: issue('k3s-io/k3s', 269),
    title: 'Two load balancers overwrite each other’s status without end',
    fault: 'The ServiceLB of k3s and another controller both wrote the status, each time the other one had.',
    here: 'The controller never writes the status. It reports the other program once, by its field manager.',
    steps: [
      pools(few),
      start(),
      create('team/web'),
      announce('team/web', 'k3s', { ip: '192.168.1.11' }),
      announce('team/web', 'k3s', { ip: '192.168.1.12' }),
      passes(30),
    ],
    outcome: [
      has({ 'team/web': '10.0.0.1' }),
      wrote('PATCH team/web 200'),
      reports(
        'team/web',
        /ForeignLoadBalancerStatus: The status shows 192\.168\.1\.12 instead of 10\.0\.0\.1/,
      ),
    ],
  },
  {
    source: issue('harvester/harvester', 4329),
    title: 'After an upgrade, a load balancer cannot have the address that it has',
    fault:
      'After an upgrade, the allocator found the address of a load balancer taken by the load balancer itself, and refused it.',
    here: 'Services of the Go version, without an allocation record, keep their addresses; one write adds the record.',
    steps: [
      pools(few),
      create('team/nginx', {
        ...requesting('10.0.0.2'),
        loadBalancerIP: '10.0.0.2',
        labels: { [names.implementation]: 'kube-vip' },
      }),
      start(),
      create('team/next'),
      restart(),
    ],
    outcome: [
      has({ 'team/nginx': '10.0.0.2', 'team/next': '10.0.0.1' }),
      wrote('PATCH team/nginx 200', 'PATCH team/next 200'),
    ],
  },
  {
    source: issue('harvester/harvester', 7449),
    title: 'A load balancer that is deleted and created again quickly never gets an address',
    fault:
      'The deletion was missed because the name existed again, with another UID. The address stayed allocated to the old object, and the new one was refused.',
    here: 'A write is guarded by the UID of its Service, so the late one for the old Service is rejected, and the new Service gets the address.',
    steps: [
      pools({ 'range-global': '10.0.0.1' }),
      start(),
      holdWrite('team/web'),
      create('team/web'),
      isHeld(),
      remove('team/web'),
      create('team/web'),
      release(),
    ],
    outcome: [has({ 'team/web': '10.0.0.1' }), wrote('PATCH team/web 409', 'PATCH team/web 200')],
  },
];
