import {
  cut,
  holdLists,
  leads,
  passLeaseDuration,
  passRenewDeadline,
  reconnect,
  release,
  startReplica,
  wrote,
} from './faults.ts';
import { issue, type PublishedBug, pull } from './published-bug.ts';
import { create, has, on, pools, remove, restart, sharing, start, warns } from './steps.ts';

const repository = 'cilium/cilium';
const some = { 'range-global': '10.0.0.1-10.0.0.9' };

export const ciliumBugs: readonly PublishedBug[] = [
  {
    source: pull(repository, 45800),
    title: 'An address stays in the index of shared addresses after its last Service has left',
    fault:
      'When the last Service with a sharing key was deleted, its address became free, but stayed in the index by sharing key. The address went to a Service that shares nothing, and later Services with the key joined it there.',
    here: 'The index of shared addresses is part of the ledger: an address leaves it together with its last holder. A new Service joins only holders with the same key at that moment.',
    steps: [
      pools(some),
      start(),
      create('apps/one', sharing('web', 'TCP 80')),
      has({ 'apps/one': '10.0.0.1' }),
      remove('apps/one'),
      create('apps/db', on('TCP 5432')),
      has({ 'apps/db': '10.0.0.1' }),
      create('apps/two', sharing('web', 'TCP 81')),
    ],
    outcome: [has({ 'apps/db': '10.0.0.1', 'apps/two': '10.0.0.2' })],
  },
  {
    source: issue(repository, 30700),
    title: 'Services that share an address are separated by a restart',
    fault:
      'At the start, the address of the first Service was entered without its sharing key. The second one found the address taken by a Service that did not seem to share it, and got another one.',
    here: 'At the start, every address that a Service shows is entered before anything is decided. Holders that share stay together without a write, and a new one can join them.',
    steps: [
      pools(some),
      start(),
      create('apps/one', sharing('web', 'TCP 80')),
      create('apps/two', sharing('web', 'TCP 8080')),
      has({ 'apps/one': '10.0.0.1', 'apps/two': '10.0.0.1' }),
      restart(),
      create('apps/three', sharing('web', 'TCP 8443')),
    ],
    outcome: [
      has({ 'apps/one': '10.0.0.1', 'apps/two': '10.0.0.1', 'apps/three': '10.0.0.1' }),
      wrote('PATCH apps/one 200', 'PATCH apps/two 200', 'PATCH apps/three 200'),
    ],
  },
  {
    source: pull(repository, 46262),
    title: 'A restart moves Services that share one of several addresses',
    fault:
      'Because of overlapping ports, Services with one sharing key had several addresses. After a restart, an address that was already entered for one of them was dropped from the others.',
    here: 'Each address has its own list of holders. A restart enters all of them, and moves none.',
    steps: [
      pools(some),
      start(),
      create('apps/first', sharing('web', 'TCP 80', 'TCP 443')),
      create('apps/second', sharing('web', 'TCP 80')),
      create('apps/third', sharing('web', 'TCP 443')),
      has({ 'apps/first': '10.0.0.1', 'apps/second': '10.0.0.2', 'apps/third': '10.0.0.2' }),
      restart(),
      create('apps/fourth', sharing('web', 'TCP 8080')),
    ],
    outcome: [
      has({
        'apps/first': '10.0.0.1',
        'apps/second': '10.0.0.2',
        'apps/third': '10.0.0.2',
        'apps/fourth': '10.0.0.1',
      }),
    ],
  },
  {
    source: pull(repository, 34106),
    title: 'A shared address is forgotten when one of its Services leaves',
    fault:
      'The deletion of one of several sharing Services removed the address from the index, although others still had it. When the Service was created again, it got another address.',
    here: 'An address can be shared as long as a Service holds it.',
    steps: [
      pools(some),
      start(),
      create('apps/one', sharing('web', 'TCP 80')),
      create('apps/two', sharing('web', 'TCP 81')),
      create('apps/three', sharing('web', 'TCP 82')),
      remove('apps/two'),
      create('apps/two', sharing('web', 'TCP 81')),
    ],
    outcome: [has({ 'apps/one': '10.0.0.1', 'apps/two': '10.0.0.1', 'apps/three': '10.0.0.1' })],
  },
  {
    source: pull(repository, 45720),
    title: 'A Service joins a requested address and gets an empty one',
    fault:
      'A Service that requested a specific address and shared it left an entry without an address in the index. The next Service with the key got that empty address, or the program crashed.',
    here: 'The index has addresses only. The Service that joins gets exactly the requested address of the other one.',
    steps: [
      pools({ 'range-global': '10.0.10.20-10.0.10.29' }),
      start(),
      create('apps/chosen', { ...sharing('web', 'TCP 80'), loadBalancerIP: '10.0.10.22' }),
      create('apps/joins', sharing('web', 'TCP 81')),
    ],
    outcome: [has({ 'apps/chosen': '10.0.10.22', 'apps/joins': '10.0.10.22' })],
  },
  {
    source: pull(repository, 41147),
    title: 'A restart with a full pool gives held addresses to pending Services',
    fault:
      'After a restart, Services were processed in any order. A Service that had been pending got an address that another one had held, and that one became pending or got a new address.',
    here: 'Held addresses are entered first, then pending Services are served, oldest first. A pending Service stays pending across the restart.',
    steps: [
      pools({ 'range-global': '10.0.0.1-10.0.0.2' }),
      start(),
      create('team/m'),
      create('team/n'),
      create('team/a'),
      has({ 'team/m': '10.0.0.1', 'team/n': '10.0.0.2', 'team/a': null }),
      restart(),
    ],
    outcome: [
      has({ 'team/m': '10.0.0.1', 'team/n': '10.0.0.2', 'team/a': null }),
      warns('team/a', /Pool range-global is full/),
    ],
  },
  {
    source: issue(repository, 43131),
    title: 'A Service that is created while the controller starts gets a held address',
    fault:
      'While the API server was slow at the start of the operator, new Services were mixed with those that had an address, and got addresses of theirs.',
    here: 'Nothing is decided before the first list of Services is complete.',
    steps: [
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      create('team/old', { loadBalancerIP: '10.0.0.1' }),
      holdLists(),
      start(),
      create('team/new'),
      has({ 'team/new': null }),
      wrote(),
      release(),
    ],
    outcome: [has({ 'team/old': '10.0.0.1', 'team/new': '10.0.0.2' })],
  },
  {
    source: issue(repository, 40358),
    title: 'A pool that grows moves all its Services',
    fault:
      'After three addresses were added at the start of a pool, all Services of the pool got new addresses.',
    here: 'A change of a pool never moves a Service that has its address.',
    steps: [
      pools({ 'range-global': '10.0.0.120-10.0.0.127' }),
      start(),
      create('team/a'),
      create('team/b'),
      has({ 'team/a': '10.0.0.120', 'team/b': '10.0.0.121' }),
      pools({ 'range-global': '10.0.0.117-10.0.0.127' }),
      create('team/c'),
    ],
    outcome: [has({ 'team/a': '10.0.0.120', 'team/b': '10.0.0.121', 'team/c': '10.0.0.117' })],
  },
  {
    source: issue(repository, 41458),
    title: 'A pool that shrinks by unused addresses moves its Services',
    fault:
      'Unused addresses were cut out of the middle of a pool. Services that had other addresses got new ones.',
    here: 'A change of a pool never moves a Service that has its address.',
    steps: [
      pools({ 'range-global': '10.0.0.9-10.0.0.50' }),
      start(),
      create('team/a'),
      create('team/b'),
      create('team/ingress', { loadBalancerIP: '10.0.0.50' }),
      pools({ 'range-global': '10.0.0.9-10.0.0.39,10.0.0.49-10.0.0.50' }),
    ],
    outcome: [
      has({ 'team/a': '10.0.0.9', 'team/b': '10.0.0.10', 'team/ingress': '10.0.0.50' }),
      wrote('PATCH team/a 200', 'PATCH team/b 200', 'PATCH team/ingress 200'),
    ],
  },
  {
    source: pull(repository, 40013),
    title: 'The deletion of a pool with several blocks crashes the program',
    fault:
      'The operator crashed when a pool with several blocks was deleted, because it removed them from the list that it went through.',
    here: 'Pools are immutable values: a ConfigMap is read into new ones. Services keep their addresses, and the other pools go on working.',
    steps: [
      pools({
        'cidr-blue': '192.0.2.96/32,2001:db8:0:700::/124,10.112.182.48/28,2001:db8:0:400::/128',
        'range-global': '10.0.0.1-10.0.0.9',
      }),
      start(),
      create('blue/web'),
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      create('green/web'),
      create('blue/next'),
    ],
    outcome: [has({ 'blue/web': '10.112.182.49', 'green/web': '10.0.0.1', 'blue/next': '10.0.0.2' })],
  },
  {
    source: pull(repository, 42920),
    title: 'A leader goes on after it has lost the Lease',
    fault:
      'An operator that could not renew its Lease took longer to stop than the Lease was valid. Two leaders allocated at the same time, and Nodes got the same range.',
    here: 'No write outlasts the leadership in which it was decided: the leader stops at its deadline, before the Lease expires, and a new leader lists everything again.',
    steps: [
      pools({ 'range-global': '10.0.0.1-10.0.0.9' }),
      startReplica('first'),
      create('team/a'),
      startReplica('second'),
      cut('first'),
      create('team/b'),
      passRenewDeadline(),
      leads('first', false),
      leads('second', false),
      passLeaseDuration(),
      leads('second'),
      reconnect('first'),
      create('team/c'),
    ],
    outcome: [
      leads('first', false),
      has({ 'team/a': '10.0.0.1', 'team/b': '10.0.0.2', 'team/c': '10.0.0.3' }),
      wrote('PATCH team/a 200', 'PATCH team/b 200', 'PATCH team/c 200'),
    ],
  },
];
