import { annotations } from '../../src/core/model/well-known-names.ts';
import {
  areDistinct,
  hasConfigProblems,
  hasStatus,
  leads,
  startReplica,
  stopReplica,
  wrote,
} from './faults.ts';
import { issue, type PublishedBug, pull } from './published-bug.ts';
import {
  announce,
  create,
  dualStack,
  has,
  isService,
  pools,
  remove,
  restart,
  setType,
  start,
  warns,
} from './steps.ts';

const repository = 'metallb/metallb';
const one = { 'range-global': '10.0.0.2-10.0.0.2' };
const few = { 'range-global': '10.0.0.1-10.0.0.3' };

export const metallbBugs: readonly PublishedBug[] = [
  {
    source: issue(repository, 1774),
    title: 'After a restart, two Services have the only address of the pool',
    fault:
      'A pool had one address, held by one Service, while another one was pending. After a restart, the pending one could be processed first, and both had the address.',
    here: 'Held addresses are entered before the first decision, whatever the order of the list.',
    steps: [
      pools(one),
      start(),
      create('default/svc2'),
      create('default/svc1'),
      has({ 'default/svc2': '10.0.0.2', 'default/svc1': null }),
      restart(),
    ],
    outcome: [has({ 'default/svc2': '10.0.0.2', 'default/svc1': null }), wrote('PATCH default/svc2 200')],
  },
  {
    source: issue(repository, 2443),
    title: 'A reload with pending Services moves one Service after another',
    fault:
      'All Services were processed again, pending ones before those with an address. A pending one took the address of another, which took the next one, and so on.',
    here: 'A reload of the ConfigMap decides again on every Service, with all held addresses in the ledger.',
    steps: [
      pools(few),
      start(),
      create('team/x'),
      create('team/y'),
      create('team/z'),
      create('team/a'),
      create('team/b'),
      pools({ 'range-global': '10.0.0.1 - 10.0.0.3' }),
      restart(),
    ],
    outcome: [
      has({
        'team/x': '10.0.0.1',
        'team/y': '10.0.0.2',
        'team/z': '10.0.0.3',
        'team/a': null,
        'team/b': null,
      }),
    ],
  },
  {
    source: issue(repository, 2723),
    title: 'The address of a Service changes when another Service is deleted',
    fault:
      'After one Service was deleted, a dual-stack Service in another namespace moved to other addresses.',
    here: 'A freed address wakes pending Services only. Those with an address are not decided differently.',
    steps: [
      pools({ 'cidr-global': '192.168.10.0/24,fc00:f853:ccd:e799::/64' }),
      start(),
      create('first/udn', dualStack),
      create('second/udn', dualStack),
      create('third/udn', dualStack),
      remove('second/udn'),
      restart(),
    ],
    outcome: [
      has({
        'first/udn': '192.168.10.1,fc00:f853:ccd:e799::1',
        'third/udn': '192.168.10.3,fc00:f853:ccd:e799::3',
      }),
    ],
  },
  {
    source: issue(repository, 190),
    title: 'A Service that is no longer of type LoadBalancer keeps its address',
    fault: 'After the type was changed to NodePort, the address was not released, and still answered.',
    here: 'The fields that the controller wrote are removed in one write, and the address is free at once. The Go version keeps it for ever.',
    steps: [
      pools(one),
      start(),
      create('team/old'),
      has({ 'team/old': '10.0.0.2' }),
      setType('team/old', 'ClusterIP'),
      create('team/new'),
    ],
    outcome: [has({ 'team/old': null, 'team/new': '10.0.0.2' })],
    go: [warns('team/new', /no addresses available/), has({ 'team/old': '10.0.0.2' })],
  },
  {
    source: issue(repository, 321),
    title: 'A Service that requests a taken address never gets it',
    fault: 'Two Services requested one address. When the holder was deleted, the other one did not get it.',
    here: 'The contender becomes the holder as soon as the holder leaves.',
    steps: [
      pools(few),
      start(),
      create('team/holder', { loadBalancerIP: '10.10.17.20' }),
      create('team/renamed', { loadBalancerIP: '10.10.17.20' }),
      has({ 'team/holder': '10.10.17.20', 'team/renamed': null }),
      warns('team/renamed', /10\.10\.17\.20 is already assigned to team\/holder/),
      remove('team/holder'),
    ],
    outcome: [has({ 'team/renamed': '10.10.17.20' })],
  },
  {
    source: issue(repository, 1586),
    title: 'A pending Service stays pending after an address was freed',
    fault:
      'The pool was full, and one Service was pending. After another one was deleted, it still got no address.',
    here: 'A freed address wakes the oldest Service that it can help, at once and without a timer.',
    steps: [
      pools(few),
      start(),
      create('team/svc1'),
      create('team/svc2'),
      create('team/svc3'),
      create('team/svc11'),
      has({ 'team/svc11': null }),
      remove('team/svc1'),
    ],
    outcome: [has({ 'team/svc2': '10.0.0.2', 'team/svc3': '10.0.0.3', 'team/svc11': '10.0.0.1' })],
  },
  {
    source: issue(repository, 1929),
    title: 'A deleted pool still provides addresses, and a recreated one provides held ones',
    fault:
      'While Services had addresses of it, a deleted pool stayed in use. After a restart it was forgotten with its addresses, so a recreated pool gave them out again.',
    here: 'The pools are those of the ConfigMap now; the held addresses are those of the Services now. Neither depends on the other.',
    steps: [
      pools(few),
      start(),
      create('team/a'),
      pools({}),
      create('team/b'),
      has({ 'team/a': '10.0.0.1', 'team/b': null }),
      restart(),
      has({ 'team/a': '10.0.0.1', 'team/b': null }),
      pools(few),
    ],
    outcome: [has({ 'team/a': '10.0.0.1', 'team/b': '10.0.0.2' })],
  },
  {
    source: issue(repository, 2076),
    title: 'A Service that is created again gets an address of a deleted pool',
    fault:
      'Allocations were remembered by the name of the Service. A Service that was created again under the same name got its address, although the pool was gone.',
    here: 'A deleted Service leaves nothing behind.',
    steps: [
      pools(few),
      start(),
      create('team/web'),
      has({ 'team/web': '10.0.0.1' }),
      pools({}),
      remove('team/web'),
      create('team/web'),
    ],
    outcome: [has({ 'team/web': null }), warns('team/web', /pool/i)],
  },
  {
    source: issue(repository, 703),
    title: 'A pool that is not for automatic assignment is assigned automatically',
    fault:
      'A second pool was added, and automatic assignment was disabled for both. Services got addresses of the second one, and after the change was reverted, Services with an address lost it.',
    here: 'A pool with `auto-assign: "false"` is given only to Services that name it. A change of the pools moves no Service.',
    steps: [
      pools({ 'pool.build': '10.15.9.16-10.15.9.250', 'pools-global': 'build' }),
      start(),
      create('team/a'),
      has({ 'team/a': '10.15.9.16' }),
      pools({
        'pool.build': '10.15.9.16-10.15.9.250',
        'pool.qa': '10.15.10.16-10.15.10.250',
        'pools-global': 'build,qa',
        'auto-assign.build': 'false',
        'auto-assign.qa': 'false',
      }),
      create('team/b'),
      create('team/tested', { annotations: { [annotations.pool]: 'qa' } }),
      has({ 'team/a': '10.15.9.16', 'team/b': null, 'team/tested': '10.15.10.16' }),
      pools({ 'pool.build': '10.15.9.16-10.15.9.250', 'pools-global': 'build' }),
    ],
    outcome: [has({ 'team/a': '10.15.9.16', 'team/b': '10.15.9.17', 'team/tested': '10.15.10.16' })],
  },
  {
    source: issue(repository, 2887),
    title: 'Without a pool, the status of other load balancers is removed',
    fault: 'With no pool configured, the status that another program had written was cleared.',
    here: 'The controller never writes the status, and nothing at all to a Service that stays pending.',
    steps: [
      create('default/my-service'),
      announce('default/my-service', 'another-controller', { ip: '10.22.203.3' }),
      start(),
    ],
    outcome: [hasStatus('default/my-service', '10.22.203.3'), has({ 'default/my-service': null }), wrote()],
  },
  {
    source: issue(repository, 725),
    title: 'Two replicas of the controller assign addresses at the same time',
    fault: 'There was no leader election. Both replicas assigned addresses to the same Services.',
    here: 'Only the holder of the Lease writes. The other replica is a standby that takes over at once.',
    steps: [
      pools(few),
      startReplica('first'),
      startReplica('second'),
      create('team/a'),
      create('team/b'),
      leads('first'),
      leads('second', false),
      stopReplica('first'),
      create('team/c'),
    ],
    outcome: [
      leads('second'),
      areDistinct('team/a', 'team/b', 'team/c'),
      wrote('PATCH team/a 200', 'PATCH team/b 200', 'PATCH team/c 200'),
    ],
  },
  {
    source: pull(repository, 1778),
    title: 'A Service with an odd status is processed for ever',
    fault:
      'A status whose addresses did not fit the IP families was an error, and the Service was processed again without end.',
    here: 'A status is evidence only. If it does not name exactly one address for each family, the Service gets a new one; the addresses in the status stay in use.',
    steps: [
      pools(few),
      create('team/odd'),
      announce('team/odd', 'another-controller', { ip: '10.0.0.1' }, { ip: '10.0.0.2' }),
      start(),
      create('team/next'),
    ],
    outcome: [
      has({ 'team/odd': '10.0.0.3', 'team/next': null }),
      wrote('PATCH team/odd 200'),
      isService('team/odd', true),
    ],
  },
  {
    source: issue(repository, 2245),
    title: 'A corrected configuration is still reported as invalid',
    fault:
      'After an invalid configuration, the previous valid one was applied again. The metric still showed that the configuration is stale.',
    here: 'Each ConfigMap is read from scratch, with its problems.',
    steps: [
      pools(few),
      start(),
      pools({ 'range-global': '10.0.0.1-10.0.0.l3' }),
      hasConfigProblems(1),
      create('team/early'),
      has({ 'team/early': null }),
      pools(few),
    ],
    outcome: [hasConfigProblems(0), has({ 'team/early': '10.0.0.1' })],
  },
  {
    source: issue(repository, 2449),
    title: 'A pool that changes to another network takes its Services along',
    fault:
      'The network of a pool was replaced. All Services lost their addresses and got new ones, which the documents had excluded.',
    here: 'A Service keeps its address, and is reported as outside the pool. A person moves it with an annotation.',
    steps: [
      pools({ 'cidr-global': '172.16.2.0/24' }),
      start(),
      create('team/a'),
      pools({ 'cidr-global': '172.16.3.0/24' }),
      create('team/b'),
      restart(),
    ],
    outcome: [has({ 'team/a': '172.16.2.1', 'team/b': '172.16.3.1' })],
  },
];
