import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sandboxRequest } from '../../src/cmd/sandbox/sandbox-arguments.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { readManifests } from '../../src/manifest/manifests.ts';
import { Harness } from '../controller/harness.ts';
import { names } from '../e2e/objects.ts';
import { examples } from '../examples/expected.ts';
import { faultsOf, goReads, type Pair } from './go-reads.ts';
import { type Situation, situations } from './situations.ts';

const root = new URL('../../', import.meta.url);
async function play(harness: Harness, edits: Situation['edits'] = []): Promise<Pair[]> {
  const { class: className } = harness.options;
  const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`;
  const before = new Map(harness.services().map((service) => [keyOf(service), service]));
  harness.start();
  try {
    await harness.settled();
    for (const [key, patch] of edits) {
      await harness.patch(key, patch);
      before.set(key, harness.service(key));
      await harness.settled();
    }
    return harness.services().map((after) => ({
      before: before.get(keyOf(after)) ?? assert.fail(keyOf(after)),
      after,
      class: className,
    }));
  } finally {
    await harness.stop();
  }
}

function assignedCount(pairs: readonly Pair[]): number {
  return pairs.filter(({ after }) => after.metadata.annotations?.[names.record] !== undefined).length;
}

for (const { title, pools, services, edits, class: className, assigned } of situations) {
  test(`the Go version can read what the controller wrote: ${title}`, async () => {
    const harness = new Harness({ class: className });
    harness.pools(pools);
    for (const [key, service] of Object.entries(services)) harness.load(key, service);
    const pairs = await play(harness, edits);
    assert.deepEqual(pairs.flatMap(faultsOf), []);
    assert.equal(assignedCount(pairs), assigned);
  });
}

for (const file of readdirSync(new URL('examples/', root)).filter((name) => name.endsWith('.yaml'))) {
  test(`the Go version can read what the controller wrote: examples/${file}`, async () => {
    const request = sandboxRequest([], examples[file]?.env ?? {});
    assert.ok(request.kind === 'run');
    const text = { name: file, text: readFileSync(new URL(`examples/${file}`, root), 'utf8') };
    const harness = new Harness(request.options);
    for (const object of readManifests([text], request.options).objects) harness.api.load(object);
    const pairs = await play(harness);
    assert.deepEqual(pairs.flatMap(faultsOf), []);
    const expected = Object.values(examples[file]?.services ?? {});
    assert.equal(assignedCount(pairs), expected.filter(({ state }) => state === 'Assigned').length);
  });
}

const record = JSON.stringify({ from: 'cidr-default', ips: '10.1.0.1,2001:db8::1' });

/** A Service with a correct assignment, and the same Service as a user creates it. */
const assignedService: Service & { spec: object } = {
  metadata: {
    namespace: 'default',
    name: 'web',
    annotations: { [names.addresses]: '10.1.0.1,2001:db8::1', [names.record]: record },
    labels: { [names.implementation]: 'kube-vip' },
  },
  spec: { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack', loadBalancerIP: '10.1.0.1' },
  status: { loadBalancer: {} },
};
const newService: Service = {
  metadata: { namespace: 'default', name: 'web' },
  spec: { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack' },
  status: { loadBalancer: {} },
};

function changed(change: (service: typeof assignedService) => void): Service {
  const service = structuredClone(assignedService);
  change(service);
  return service;
}

function withAnnotations(annotations: Record<string, string>): Service {
  return changed(({ metadata }) => {
    metadata.annotations = annotations;
  });
}

/** Services that violate each row of the table, in its order. */
const broken: readonly (readonly Service[])[] = [
  [
    changed(({ spec }) => Object.assign(spec, { type: 'ClusterIP' })),
    changed(({ spec }) => Object.assign(spec, { loadBalancerClass: 'example.com/other' })),
  ],
  [
    changed(({ metadata }) => Object.assign(metadata, { finalizers: ['example.com/new'] })),
    changed(({ metadata }) => Object.assign(metadata, { finalizers: [names.goFinalizer] })),
  ],
  [withAnnotations({ [names.record]: record }), withAnnotations({})],
  [
    withAnnotations({ [names.record]: record, [names.addresses]: '' }),
    withAnnotations({ [names.addresses]: '' }),
    withAnnotations({ [names.addresses]: '10.1.0.1' }),
  ],
  [
    withAnnotations({ [names.record]: record, [names.addresses]: '10.1.0.1, 2001:db8::1' }),
    withAnnotations({ [names.record]: record, [names.addresses]: '10.1.0.1,' }),
    withAnnotations({ [names.record]: record, [names.addresses]: 'lb.example.com' }),
  ],
  [changed(({ metadata }) => Object.assign(metadata, { labels: {} })), withAnnotations({})],
  [changed(({ metadata }) => Object.assign(metadata.labels ?? {}, { [names.ipamAddress]: '10.1.0.1' }))],
  [changed(({ spec }) => Object.assign(spec, { ipFamilyPolicy: 'SingleStack' }))],
  [
    changed((service) =>
      Object.assign(service, { status: { loadBalancer: { ingress: [{ ip: '10.1.0.1' }] } } }),
    ),
  ],
  [changed(({ metadata }) => Object.assign(metadata.annotations ?? {}, { 'example.com/own': 'x' }))],
];

test('a violation of each row of the table is detected', () => {
  assert.deepEqual(faultsOf({ before: newService, after: assignedService, class: undefined }), []);
  assert.equal(broken.length, goReads.length);
  for (const [index, { reads, fault }] of goReads.entries()) {
    for (const after of broken[index] ?? []) {
      // The finalizer of the Go version may exist before. The fault is that it remains.
      const finalizers = after.metadata.finalizers?.filter((name) => name === names.goFinalizer) ?? [];
      const before = { ...newService, metadata: { ...newService.metadata, finalizers } };
      assert.notEqual(
        fault({ before, after, class: undefined }),
        undefined,
        `${reads}: ${JSON.stringify(after)}`,
      );
    }
  }
});

test('docs/going-back.md contains the tested table', () => {
  const rows = goReads.map(
    ({ reads, source, does, holds }) => `| ${reads} | ${source} | ${does} | ${holds} |`,
  );
  const text = readFileSync(new URL('docs/going-back.md', root), 'utf8');
  const shown = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  assert.deepEqual(shown.slice(1), rows);
});
