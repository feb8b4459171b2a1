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
async function play(stage: Harness, edits: Situation['edits'] = []): Promise<Pair[]> {
  const { class: wanted } = stage.options;
  const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`;
  const before = new Map(stage.services().map((service) => [keyOf(service), service]));
  stage.start();
  try {
    await stage.settled();
    for (const [key, patch] of edits) {
      await stage.patch(key, patch);
      before.set(key, stage.service(key));
      await stage.settled();
    }
    return stage.services().map((after) => ({
      before: before.get(keyOf(after)) ?? assert.fail(keyOf(after)),
      after,
      class: wanted,
    }));
  } finally {
    await stage.stop();
  }
}

function servedAmong(pairs: readonly Pair[]): number {
  return pairs.filter(({ after }) => after.metadata.annotations?.[names.record] !== undefined).length;
}

for (const { title, pools, services, edits, class: wanted, served } of situations) {
  test(`what the Go version reads is as it needs it: ${title}`, async () => {
    const stage = new Harness({ class: wanted });
    stage.pools(pools);
    for (const [key, service] of Object.entries(services)) stage.load(key, service);
    const pairs = await play(stage, edits);
    assert.deepEqual(pairs.flatMap(faultsOf), []);
    assert.equal(servedAmong(pairs), served);
  });
}

for (const file of readdirSync(new URL('examples/', root)).filter((name) => name.endsWith('.yaml'))) {
  test(`what the Go version reads is as it needs it: examples/${file}`, async () => {
    const request = sandboxRequest([], examples[file]?.env ?? {});
    assert.ok(request.kind === 'run');
    const text = { name: file, text: readFileSync(new URL(`examples/${file}`, root), 'utf8') };
    const stage = new Harness(request.options);
    for (const object of readManifests([text], request.options).objects) stage.api.load(object);
    const pairs = await play(stage);
    assert.deepEqual(pairs.flatMap(faultsOf), []);
    const expected = Object.values(examples[file]?.services ?? {});
    assert.equal(servedAmong(pairs), expected.filter(({ state }) => state === 'Assigned').length);
  });
}

const record = JSON.stringify({ from: 'cidr-default', ips: '10.1.0.1,2001:db8::1' });

/** Served as it should be, and the same Service as its user made it. */
const sound: Service & { spec: object } = {
  metadata: {
    namespace: 'default',
    name: 'web',
    annotations: { [names.addresses]: '10.1.0.1,2001:db8::1', [names.record]: record },
    labels: { [names.implementation]: 'kube-vip' },
  },
  spec: { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack', loadBalancerIP: '10.1.0.1' },
  status: { loadBalancer: {} },
};
const fresh: Service = {
  metadata: { namespace: 'default', name: 'web' },
  spec: { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack' },
  status: { loadBalancer: {} },
};

function but(change: (service: typeof sound) => void): Service {
  const service = structuredClone(sound);
  change(service);
  return service;
}

function annotatedBut(annotations: Record<string, string>): Service {
  return but(({ metadata }) => {
    metadata.annotations = annotations;
  });
}

/** What breaks each row, in its order. */
const broken: readonly (readonly Service[])[] = [
  [
    but(({ spec }) => Object.assign(spec, { type: 'ClusterIP' })),
    but(({ spec }) => Object.assign(spec, { loadBalancerClass: 'example.com/other' })),
  ],
  [
    but(({ metadata }) => Object.assign(metadata, { finalizers: ['example.com/new'] })),
    but(({ metadata }) => Object.assign(metadata, { finalizers: [names.goFinalizer] })),
  ],
  [annotatedBut({ [names.record]: record }), annotatedBut({})],
  [
    annotatedBut({ [names.record]: record, [names.addresses]: '' }),
    annotatedBut({ [names.addresses]: '' }),
    annotatedBut({ [names.addresses]: '10.1.0.1' }),
  ],
  [
    annotatedBut({ [names.record]: record, [names.addresses]: '10.1.0.1, 2001:db8::1' }),
    annotatedBut({ [names.record]: record, [names.addresses]: '10.1.0.1,' }),
    annotatedBut({ [names.record]: record, [names.addresses]: 'lb.example.com' }),
  ],
  [but(({ metadata }) => Object.assign(metadata, { labels: {} })), annotatedBut({})],
  [but(({ metadata }) => Object.assign(metadata.labels ?? {}, { [names.ipamAddress]: '10.1.0.1' }))],
  [but(({ spec }) => Object.assign(spec, { ipFamilyPolicy: 'SingleStack' }))],
  [but((service) => Object.assign(service, { status: { loadBalancer: { ingress: [{ ip: '10.1.0.1' }] } } }))],
  [but(({ metadata }) => Object.assign(metadata.annotations ?? {}, { 'example.com/own': 'x' }))],
];

test('every row of the table can be broken', () => {
  assert.deepEqual(faultsOf({ before: fresh, after: sound, class: undefined }), []);
  assert.equal(broken.length, goReads.length);
  for (const [index, { reads, fault }] of goReads.entries()) {
    for (const after of broken[index] ?? []) {
      // What the Go version left may still be there; that we leave it is the fault.
      const finalizers = after.metadata.finalizers?.filter((name) => name === names.goFinalizer) ?? [];
      const before = { ...fresh, metadata: { ...fresh.metadata, finalizers } };
      assert.notEqual(
        fault({ before, after, class: undefined }),
        undefined,
        `${reads}: ${JSON.stringify(after)}`,
      );
    }
  }
});

test('docs/going-back.md shows the table as it is tested', () => {
  const rows = goReads.map(
    ({ reads, source, does, holds }) => `| ${reads} | ${source} | ${does} | ${holds} |`,
  );
  const text = readFileSync(new URL('docs/going-back.md', root), 'utf8');
  const shown = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  assert.deepEqual(shown.slice(1), rows);
});
