import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator, type ServiceDecision } from '../../src/core/decide/allocator.ts';
import type { Decision } from '../../src/core/decide/decision.ts';
import { type Address, formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { canonicalList } from '../../src/core/model/address-list.ts';
import {
  type Claim,
  type ClaimReservation,
  claimObject,
  claimOf,
  claimPatch,
  namesAddress,
} from '../../src/core/model/claim.ts';
import type { IPAddress, Service } from '../../src/core/model/objects.ts';
import { viewOf } from '../../src/core/model/service-view.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: true,
};

function address(text: string): Address {
  return readAddress(text) ?? assert.fail(text);
}

function pools(value: string, more: Record<string, string> = {}) {
  return readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': value, ...more } });
}

function service(name: string, resourceVersion: string, more: Partial<Service> = {}, port = 80): Service {
  const { metadata, spec } = more;
  return {
    metadata: {
      namespace: 'default',
      name,
      uid: name,
      resourceVersion,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { type: 'LoadBalancer', ports: [{ port, protocol: 'TCP' }], ipFamilies: ['IPv4'], ...spec },
  };
}

const dual = { spec: { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] } };

function reservation(name: string, version: string, addresses: string): ClaimReservation {
  const list = canonicalList(addresses.split(',').map(address));
  return { service: `default/${name}`, uid: name, version, addresses: list, source: 'cidr-global' };
}

/** This controller's claim of an address, as the API server returns it. */
function claimed(text: string, resourceVersion: string, ...reservations: ClaimReservation[]): Claim {
  const object = claimObject(address(text), reservations, options);
  return claimOf(
    { ...object, metadata: { ...object.metadata, uid: `uid of ${text}`, resourceVersion } },
    'us',
  );
}

const clusterIP: IPAddress = {
  metadata: {
    name: '10.0.0.1',
    resourceVersion: '3',
    labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
  },
  spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } },
};

function world(
  services: readonly Service[],
  claims: readonly Claim[],
  value = '10.0.0.1-10.0.0.2',
): Allocator {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(pools(value));
  allocator.replaceServices(services.map(viewOf), '100');
  allocator.claimTracker.replace(claims, '100');
  return allocator;
}

/** The next decision, which is not carried out. */
function decideNext(allocator: Allocator): Decision | undefined {
  const next = allocator.next(0);
  next?.work.done();
  return next?.decision;
}

/** Starts all writes, as if each succeeded, and lists what they assign. */
function assignments(allocator: Allocator): string[] {
  const writes: string[] = [];
  for (let decided = allocator.next(0); decided !== undefined; decided = allocator.next(0)) {
    const { state, decision, work } = decided;
    if (decision.kind !== 'write') {
      work.done();
      continue;
    }
    allocator.assume(decided, decision.patch);
    writes.push(`${state.key} ${decision.addresses.text} ${decision.source}`);
  }
  return writes;
}

function requests(allocator: Allocator, { state, decision }: ServiceDecision) {
  assert.ok(decision.kind === 'write');
  return allocator.claimTracker.requestsFor(state, decision.patch);
}

test('a claim that is written is read back', () => {
  const reservations = [reservation('a', '7', '10.0.0.1,fd00::1'), reservation('b', '9', '10.0.0.1')];
  const claim = claimed('fd00::1', '12', ...reservations);
  assert.equal(formatAddress(claim.address), 'fd00::1');
  assert.equal(claim.owner, undefined);
  assert.deepEqual(claim.reservations, reservations);
  assert.equal(
    claimObject(address('fd00::1'), reservations.slice(0, 1), options).metadata.annotations?.[
      'kube-vip.io/claim'
    ],
    '{"by":"us","for":[{"service":"default/a","uid":"a","version":"7","ips":"10.0.0.1,fd00::1","from":"cidr-global"}]}',
  );
  assert.deepEqual(claimObject(address('10.0.0.1'), [], options).spec, {
    parentRef: { group: '', resource: 'configmaps', namespace: 'kube-system', name: 'kubevip' },
  });
  const patch = JSON.stringify(claimPatch(claim, { reservations: [] }, 'us'));
  assert.match(patch, /"uid":"uid of fd00::1","resourceVersion":"12"/);
});

test('a claim that cannot be read as this controller’s has another owner', () => {
  const ours = claimObject(address('10.0.0.1'), [reservation('a', '7', '10.0.0.1')], options);
  const annotated = (text: string | undefined): IPAddress => ({
    ...ours,
    metadata: { ...ours.metadata, annotations: text === undefined ? {} : { 'kube-vip.io/claim': text } },
  });
  const parent = 'configmaps kube-system/kubevip';
  const rows: [IPAddress, string, string][] = [
    [clusterIP, 'services default/kubernetes', 'ipallocator.k8s.io'],
    [{ metadata: { name: '10.0.0.1' } }, ' ', ''],
    [annotated(undefined), parent, 'kube-vip-cloud-provider'],
    [annotated('{'), parent, 'kube-vip-cloud-provider'],
    [annotated('{"by":"us"}'), parent, 'kube-vip-cloud-provider'],
    [annotated('{"by":"us","for":[{"service":"default/a"}]}'), parent, 'kube-vip-cloud-provider'],
    [
      annotated('{"by":"us","for":[{"service":"a/b","uid":"","version":"1","ips":"10.0.0.01","from":"x"}]}'),
      parent,
      'kube-vip-cloud-provider',
    ],
    [annotated('{"by":"them","for":[]}'), parent, 'them'],
  ];
  for (const [object, parent, managedBy] of rows)
    assert.deepEqual(claimOf(object, 'us').owner, { parent, managedBy }, JSON.stringify(object));
  assert.equal(namesAddress({ metadata: { name: '::ffff:10.0.0.1' } }), false);
});

test('each address is claimed for its Service, with all addresses that are assigned together', () => {
  const allocator = world([service('a', '7', dual)], [], '10.0.0.1,fd00::1');
  const asked = requests(allocator, allocator.next(0) ?? assert.fail());
  assert.deepEqual(
    asked.map((request) => formatAddress(request.address)),
    ['10.0.0.1', 'fd00::1'],
  );
  for (const { known, reservations } of asked) {
    assert.equal(known, undefined);
    assert.deepEqual(reservations, [reservation('a', '7', '10.0.0.1,fd00::1')]);
  }
});

test('an existing claim gets one more reservation beside those that may still be binding', () => {
  const last = claimed(
    '10.0.0.1',
    '50',
    reservation('gone', '40', '10.0.0.1'),
    reservation('b', '60', '10.0.0.1'),
  );
  const allocator = world([service('a', '7'), service('b', '60')], [last], '10.0.0.1-10.0.0.2');
  const decisions = [allocator.next(0), allocator.next(0)].map((decided) => decided ?? assert.fail());
  const [a, b] = decisions.toSorted((x, y) => (x.state.key < y.state.key ? -1 : 1));
  // The first address is reserved for b, so a gets the second one.
  assert.deepEqual(
    requests(allocator, a ?? assert.fail()).map(({ known }) => known),
    [undefined],
  );
  // An earlier leader may have sent a deletion of the claim in version 50, which must not delete this reservation.
  const reserved = reservation('b', '60', '10.0.0.1');
  const added = { ...reserved, addedTo: '50' };
  assert.deepEqual(
    requests(allocator, b ?? assert.fail()).map(({ reservations }) => reservations),
    [[reserved, added]],
  );
  allocator.claimTracker.put(claimed('10.0.0.1', '101', reserved, added));
  assert.deepEqual(
    requests(allocator, b ?? assert.fail()),
    [],
    'it is in a version that no earlier leader knew',
  );
});

test('a reservation that is added again changes the claim, so that a deletion of the version before is rejected', () => {
  const allocator = world([service('a', '7')], []);
  const decided = allocator.next(0) ?? assert.fail();
  const first = requests(allocator, decided);
  allocator.claimTracker.put(claimed('10.0.0.1', '101', ...(first[0]?.reservations ?? [])));
  // The API server rejects the write, and the claim without a reservation is to be deleted.
  allocator.claimTracker.withdraw(first);
  const again = requests(allocator, decided);
  assert.deepEqual(
    again.map(({ reservations }) => reservations),
    [[{ ...reservation('a', '7', '10.0.0.1'), addedTo: '101' }]],
  );
});

test('a claim that is gone according to a response is not believed again because the watch is behind', () => {
  const allocator = world([service('a', '7')], []);
  const created = claimed('10.0.0.1', '101', reservation('a', '7', '10.0.0.1'));
  allocator.claimTracker.put(created);
  allocator.claimTracker.gone(created.address, '101');
  allocator.claimTracker.put(created);
  const decided = allocator.next(0) ?? assert.fail();
  assert.deepEqual(
    requests(allocator, decided).map(({ known }) => known),
    [undefined],
  );
});

test('an address that the Service records is not claimed before its metadata is written', () => {
  const go = service('a', '7', {
    metadata: {
      name: 'a',
      labels: { implementation: 'kube-vip' },
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
    },
    spec: { loadBalancerIP: '10.0.0.1' },
  });
  const allocator = world([go], []);
  const decided = allocator.next(0) ?? assert.fail();
  assert.ok(decided.decision.kind === 'write' && decided.decision.cause === 'adopt');
  assert.deepEqual(requests(allocator, decided), []);
});

test('the next leader honors a reservation even if the pool has changed', () => {
  const reserved = claimed('10.9.9.9', '50', reservation('a', '7', '10.9.9.9'));
  assert.deepEqual(assignments(world([service('a', '7'), service('b', '8')], [reserved])), [
    'default/a 10.9.9.9 cidr-global',
    'default/b 10.0.0.1 cidr-global',
  ]);
});

test('a reserved address is not assigned to another Service while the write may still arrive', () => {
  const reserved = claimed('10.0.0.1', '50', reservation('b', '9', '10.0.0.1'));
  const rows: [string, Service[], string[]][] = [
    ['unchanged', [service('a', '7'), service('b', '9')], ['default/b 10.0.0.1 cidr-global']],
    ['seen in an older version', [service('a', '7'), service('b', '8')], ['default/b 10.0.0.1 cidr-global']],
    ['changed', [service('a', '7'), service('b', '10')], ['default/a 10.0.0.1 cidr-global']],
    ['gone', [service('a', '7')], ['default/a 10.0.0.1 cidr-global']],
    [
      'recreated',
      [service('a', '7'), service('b', '11', { metadata: { name: 'b', uid: 'another' } })],
      ['default/a 10.0.0.1 cidr-global'],
    ],
  ];
  for (const [what, services, writes] of rows)
    assert.deepEqual(assignments(world(services, [reserved], '10.0.0.1')), writes, what);
});

test('a reservation that is missing on one of its claims is void: the write was never sent', () => {
  const half = claimed('10.0.0.1', '50', reservation('a', '7', '10.0.0.1,fd00::1'));
  const allocator = world([service('a', '7', dual), service('b', '8')], [half], '10.0.0.1');
  assert.deepEqual(assignments(allocator), ['default/b 10.0.0.1 cidr-global']);
});

test('a reservation ends when its Service is seen in a newer version, and a pending Service gets the address', () => {
  const reserved = claimed('10.0.0.1', '50', reservation('a', '7', '10.0.0.1'));
  const allocator = world([service('a', '7'), service('b', '8')], [reserved], '10.0.0.1');
  allocator.setConfig(pools('10.0.0.1'));
  assert.deepEqual(assignments(allocator), ['default/a 10.0.0.1 cidr-global']);
  allocator.deleteService('default/a', '60');
  assert.deepEqual(assignments(allocator), ['default/b 10.0.0.1 cidr-global']);
});

test('an address that another owner claims is not allocated, is reported, and goes to a pending Service when released', () => {
  const foreign = claimOf(clusterIP, 'us');
  const allocator = world([service('a', '7')], [foreign], '10.0.0.1');
  const decision = decideNext(allocator);
  assert.ok(decision?.kind === 'pending');
  assert.deepEqual(decision.failures, [
    {
      code: 'pool-full',
      key: 'cidr-global',
      family: 'IPv4',
      size: 1n,
      claimed: 1n,
      reserved: 0n,
      noSharing: undefined,
      excluded: 0n,
      excludedBy: [],
    },
  ]);
  assert.equal(allocator.next(0), undefined);
  allocator.claimTracker.delete(foreign.address, '101');
  assert.deepEqual(assignments(allocator), ['default/a 10.0.0.1 cidr-global']);
});

test('a request for an address that another owner claims is rejected with the owner', () => {
  const requesting = service('a', '7', { spec: { loadBalancerIP: '10.0.0.1' } });
  const decision = world([requesting], [claimOf(clusterIP, 'us')]).next(0)?.decision;
  assert.ok(decision?.kind === 'conflict' && decision.conflict.code === 'address-in-use');
  assert.equal(decision.conflict.holder, 'services default/kubernetes');
  assert.deepEqual(decision.conflict.why, { code: 'claimed', managedBy: 'ipallocator.k8s.io' });
});

test('a Service keeps its address when another owner claims it, with a warning', () => {
  const record = {
    from: 'cidr-global',
    ips: '10.0.0.1',
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    uid: 'a',
    by: 'us',
  };
  const holder = service('a', '7', {
    metadata: {
      name: 'a',
      labels: { implementation: 'kube-vip' },
      annotations: {
        'kube-vip.io/loadbalancerIPs': '10.0.0.1',
        'kube-vip.io/allocation': JSON.stringify(record),
      },
    },
    spec: { loadBalancerIP: '10.0.0.1' },
  });
  const allocator = world([holder], []);
  assert.equal(decideNext(allocator)?.kind, 'keep');
  const repair = { kind: 'claim', address: address('10.0.0.1'), tombstone: undefined };
  assert.deepEqual(allocator.claimTracker.next()?.repair, repair);
  allocator.claimTracker.put(claimOf(clusterIP, 'us'));
  const decision = decideNext(allocator);
  assert.ok(decision?.kind === 'keep');
  assert.deepEqual(
    decision.conditions.map(({ code }) => code),
    ['claimed'],
  );
  assert.equal(allocator.claimTracker.next()?.repair, undefined, 'claims of other owners are not changed');
});

test('a claim that is no longer needed is dropped, but not while it may be needed', () => {
  const idle = claimed('10.0.0.1', '50', reservation('gone', '40', '10.0.0.1'));
  assert.equal(world([], [idle]).claimTracker.next()?.repair.kind, 'drop');
  // The reservation is newer than the list of Services, so its Service may not be known yet.
  const unseen = claimed('10.0.0.1', '150', reservation('new', '140', '10.0.0.1'));
  const allocator = world([], [unseen]);
  assert.equal(allocator.claimTracker.next()?.repair, undefined);
  allocator.observed('141');
  assert.equal(allocator.claimTracker.next()?.repair.kind, 'drop');
  // Being written.
  const busy = world([service('a', '7')], [claimed('10.0.0.1', '50')], '10.0.0.1');
  assignments(busy);
  assert.equal(busy.claimTracker.next(), undefined);
});

test('an older claim is ignored; after a restore of etcd the list takes precedence', () => {
  const allocator = world(
    [service('a', '7')],
    [claimed('10.0.0.1', '50', reservation('b', '140', '10.0.0.1'))],
    '10.0.0.1',
  );
  const { claimTracker } = allocator;
  claimTracker.put(claimed('10.0.0.1', '49'));
  claimTracker.delete(address('10.0.0.1'), '49');
  assert.equal(claimTracker.claims.get(address('10.0.0.1'))?.reservations.length, 1);
  claimTracker.replace([claimed('10.0.0.1', '20')], '30');
  assert.equal(claimTracker.claims.get(address('10.0.0.1'))?.resourceVersion, '20');
});

test('after a restore of etcd the list takes precedence, also if only the watch reported newer versions', () => {
  const { claimTracker } = world([], [claimed('10.0.0.1', '50')]);
  claimTracker.put(claimed('10.0.0.1', '190'));
  claimTracker.observed('200');
  claimTracker.replace([claimed('10.0.0.1', '20')], '150');
  assert.equal(claimTracker.claims.get(address('10.0.0.1'))?.resourceVersion, '20');
});

test('after a restore of etcd that has newer versions already, older states in the list apply', () => {
  const { claimTracker } = world([], [claimed('10.0.0.1', '50')]);
  claimTracker.put(claimed('10.0.0.1', '190'));
  claimTracker.replace([claimed('10.0.0.1', '20')], '250');
  assert.equal(claimTracker.claims.get(address('10.0.0.1'))?.resourceVersion, '20');
});

test('a response that is newer than the list does not mean that etcd was restored', () => {
  const { claimTracker } = world([], [claimed('10.0.0.1', '50')]);
  claimTracker.put(claimed('10.0.0.1', '190', reservation('a', '150', '10.0.0.1')));
  claimTracker.replace([claimed('10.0.0.1', '50')], '150');
  assert.equal(claimTracker.claims.get(address('10.0.0.1'))?.resourceVersion, '190');
});

test('a reserved address stays claimed even if the Service has it as a work or is of another class', () => {
  const reserved = claimed('10.0.0.1', '50', reservation('a', '7', '10.0.0.1'));
  const rows: Partial<Service>[] = [
    { metadata: { name: 'a', annotations: { 'kube-vip.io/requestedIP': '10.0.0.1' } } },
    { spec: { loadBalancerClass: 'example.com/other' } },
  ];
  for (const more of rows) {
    const { claimTracker } = world([service('a', '7', more)], [reserved]);
    assert.equal(claimTracker.next(), undefined, JSON.stringify(more));
  }
});

test('a request for an address that another controller assigned and claimed is rejected with the Service that has it', () => {
  const theirs = service('theirs', '6', { spec: { loadBalancerClass: 'them', loadBalancerIP: '10.0.0.1' } });
  const requesting = service('a', '7', { spec: { loadBalancerIP: '10.0.0.1' } });
  const object = claimObject(address('10.0.0.1'), [], { ...options, controller: 'them' });
  const decision = world([theirs, requesting], [claimOf(object, 'us')]).next(0)?.decision;
  assert.ok(decision?.kind === 'conflict' && decision.conflict.code === 'address-in-use');
  assert.equal(decision.conflict.holder, 'default/theirs');
});

test('claims of this controller and of other owners are counted correctly after changes', () => {
  const { claimTracker } = world([], [claimed('10.0.0.1', '50'), claimed('10.0.0.2', '51')]);
  assert.deepEqual([claimTracker.claims.ours, claimTracker.claims.others], [2, 0]);
  claimTracker.put({ ...claimOf(clusterIP, 'us'), resourceVersion: '60' });
  assert.deepEqual([claimTracker.claims.ours, claimTracker.claims.others], [1, 1]);
  claimTracker.put({ ...claimOf(clusterIP, 'us'), resourceVersion: '61' });
  claimTracker.delete(address('10.0.0.2'), '62');
  assert.deepEqual([claimTracker.claims.ours, claimTracker.claims.others], [0, 1]);
  claimTracker.replace([], '70');
  assert.deepEqual([claimTracker.claims.ours, claimTracker.claims.others], [0, 0]);
});

test('a Service whose request is rejected keeps the claim of its address', () => {
  const record = {
    from: 'static',
    ips: '10.0.0.2',
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    uid: 'a',
    by: 'us',
  };
  const edited = service('a', '7', {
    metadata: {
      name: 'a',
      labels: { implementation: 'kube-vip' },
      annotations: {
        'kube-vip.io/loadbalancerIPs': '10.0.0.2',
        'kube-vip.io/allocation': JSON.stringify(record),
      },
    },
    spec: { loadBalancerIP: '10.0.0.1' },
  });
  const allocator = world([edited], [claimOf(clusterIP, 'us'), claimed('10.0.0.2', '50')]);
  assert.equal(allocator.next(0)?.decision.kind, 'conflict');
  assert.equal(allocator.claimTracker.next()?.repair, undefined);
});

test('the Go version’s label does not record an address that the Service does not request', () => {
  const leased = service('a', '7', {
    metadata: {
      name: 'a',
      labels: { implementation: 'kube-vip' },
      annotations: { 'kube-vip.io/loadbalancerIPs': '0.0.0.0', 'kube-vip.io/reallocate': 'true' },
    },
    spec: { loadBalancerIP: '0.0.0.0' },
  });
  const allocator = world([leased], [], '10.0.0.1');
  const asked = requests(allocator, allocator.next(0) ?? assert.fail());
  assert.deepEqual(
    asked.map((request) => formatAddress(request.address)),
    ['10.0.0.1'],
  );
});
