import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { type ServiceView, viewOf } from '../../src/core/model/service-view.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

/** A Service that requests the same address as all others. */
function requesting(i: number): Service {
  return {
    metadata: {
      namespace: 'default',
      name: `s-${String(i).padStart(5, '0')}`,
      uid: `u${i}`,
      resourceVersion: '5',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.5' },
    },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ipFamilies: ['IPv4'] },
  };
}

/** The same, assigned by the Go version, or by this controller: a duplicate. */
function assigned(i: number, byGo: boolean): Service {
  const { metadata, spec } = requesting(i);
  const record = {
    from: 'cidr-global',
    ips: '10.0.0.5',
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    uid: metadata.uid,
    by: 'us',
  };
  return {
    metadata: {
      ...metadata,
      labels: { implementation: 'kube-vip' },
      annotations: {
        ...metadata.annotations,
        ...(byGo ? {} : { 'kube-vip.io/allocation': JSON.stringify(record) }),
      },
    },
    spec: { ...spec, loadBalancerIP: '10.0.0.5' },
  };
}

/** Reads of ports and of versions: each comparison of two Services has some. */
interface Reads {
  count: number;
}

function counted(service: Service, reads: Reads): ServiceView {
  return new Proxy(viewOf(service), {
    get: (view, name) => {
      if (name === 'ports' || name === 'created' || name === 'deleting') reads.count += 1;
      return Reflect.get(view, name) as unknown;
    },
  });
}

/** Decides until nothing is left, and lets the writes succeed. Returns the number of decisions. */
function settled(allocator: Allocator): number {
  let decisions = 0;
  for (let work = allocator.next(0); work !== undefined; work = allocator.next(0)) {
    decisions += 1;
    work.work.leave();
  }
  return decisions;
}

function allocatorOf(): Allocator {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.0/24' } }));
  return allocator;
}

type Cost = (count: number) => { reads: number; decisions: number };

const rows: [string, Cost][] = [
  ['request', (count) => costOf(count, requesting)],
  ['were assigned', (count) => costOf(count, (i) => assigned(i, false))],
  ['were assigned by the Go version', (count) => costOf(count, (i) => assigned(i, true))],
];

/** A list of Services, then a hundred edits that change nothing for others, then all of them are gone. */
function costOf(count: number, serviceOf: (i: number) => Service): ReturnType<Cost> {
  const reads: Reads = { count: 0 };
  const allocator = allocatorOf();
  const views = Array.from({ length: count }, (_, i) => counted(serviceOf(i), reads));
  allocator.replaceServices(views, '5');
  let decisions = settled(allocator);
  const edited = views.slice(0, 100).map((_, i) => {
    const service = serviceOf(i);
    return counted({ ...service, metadata: { ...service.metadata, resourceVersion: '6' } }, reads);
  });
  for (const view of edited) allocator.putService(view);
  decisions += settled(allocator);
  allocator.replaceServices([], '7');
  decisions += settled(allocator);
  return { reads: reads.count, decisions };
}

for (const [what, cost] of rows) {
  test(`twice as many Services that ${what} one address cost at most about twice as much`, () => {
    const [one, two] = [cost(400), cost(800)];
    assert.ok(two.decisions <= 2.2 * one.decisions, `${one.decisions} and ${two.decisions} decisions`);
    assert.ok(two.reads <= 2.5 * one.reads, `${one.reads} and ${two.reads} reads`);
  });
}

test('Services that come one by one and request one address do not cause decisions on all others', () => {
  const decisionsFor = (count: number): number => {
    const allocator = allocatorOf();
    allocator.replaceServices([], '1');
    let decisions = 0;
    for (let i = 0; i < count; i += 1) {
      allocator.putService(viewOf(requesting(i)));
      decisions += settled(allocator);
    }
    return decisions;
  };
  const [one, two] = [decisionsFor(100), decisionsFor(200)];
  assert.ok(two <= 2.2 * one, `${one} and ${two} decisions`);
});
