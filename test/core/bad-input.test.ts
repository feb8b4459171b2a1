import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { explainProblem } from '../../src/core/explain/explain-config.ts';
import { explainDecision } from '../../src/core/explain/explain-decision.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { badAddresses, badPools } from './bad-input.ts';
import { poolFor } from './listed.ts';

function configMap(data: readonly (readonly [string, string])[]) {
  return { metadata: { name: 'kubevip' }, data: Object.fromEntries(data) };
}

for (const [key, value, messages] of badPools) {
  test(`${key}: ${JSON.stringify(value)} is reported, and another pool still works`, () => {
    const { problems, pools } = readConfig(
      configMap([
        [key, value],
        ['cidr-neighbor', '10.1.0.0/29'],
      ]),
    );
    assert.deepEqual(problems.map(explainProblem), messages);
    assert.equal(pools.get('cidr-neighbor')?.size.IPv4, 6n);
  });

  if (/^cidr-global$/.test(key) && messages[0]?.startsWith(`${key}: `)) {
    test(`${key}: a valid entry on the line after ${JSON.stringify(value)} still works`, () => {
      const { pools } = readConfig(configMap([[key, `${value}\n10.1.0.0/29`]]));
      const pool = pools.get(key);
      assert.ok(pool !== undefined);
      assert.ok(
        pool.spans.IPv4.some(({ last, first }) => last - first === 5n),
        'the six addresses of 10.1.0.0/29',
      );
    });
  }
}

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

for (const [field, value, message] of badAddresses) {
  test(`${field}: ${JSON.stringify(value)} is rejected with a message, and another Service still gets an address`, () => {
    const allocator = new Allocator(options, () => 0);
    allocator.setConfig(readConfig(configMap([['cidr-global', '10.1.0.0/29']])));
    const service = (name: string, annotations: Record<string, string>, spec: object) =>
      viewOf({
        metadata: { namespace: 'default', name, uid: name, resourceVersion: '1', annotations },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
      });
    const annotation: Record<string, string> =
      field === 'annotation' ? { 'kube-vip.io/loadbalancerIPs': value } : {};
    const bad = service('bad', annotation, field === 'spec' ? { loadBalancerIP: value } : {});
    allocator.replaceServices([bad, service('good', {}, {})], '1');
    const [first, second] = [allocator.next(0), allocator.next(0)].map(
      (decided) => decided?.decision ?? assert.fail(),
    );
    assert.ok(first?.kind === 'conflict');
    assert.equal(explainDecision(first, options), message);
    assert.deepEqual(first.patch, {}, 'nothing is written');
    assert.equal(second?.kind === 'write' && second.addresses.text, '10.1.0.1');
  });
}

test('the tables have at least a hundred rows', () =>
  assert.ok(badPools.length + badAddresses.length >= 100));

test('values that are not strings, and binary data, are reported by key', () => {
  const data = { 'cidr-global': true, 'cidr-default': '10.0.0.0/29' } as unknown as Record<string, string>;
  const { problems, pools } = readConfig({
    metadata: { name: 'kubevip' },
    data,
    binaryData: { 'cidr-x': 'AA==' },
  });
  assert.deepEqual(problems.map(explainProblem), [
    'cidr-global is not a string, but ConfigMap values must be strings. Put the value in quotes.',
    'Key "cidr-x" is in binaryData, which is ignored. Move it to data.',
  ]);
  assert.deepEqual([...pools.keys()], ['cidr-default']);
});

test('a key over which another one takes precedence is reported as unused', () => {
  const { problems } = readConfig(
    configMap([
      ['cidr-default', '10.0.0.0/29'],
      ['range-default', '10.1.0.1-10.1.0.9'],
      ['allow-share-default', 'true'],
      ['allow-shared-default', 'false'],
    ]),
  );
  assert.deepEqual(problems.map(explainProblem), [
    'allow-shared-default is not used, because allow-share-default takes precedence. Delete one of the two keys, or merge their values.',
    'range-default is not used, because cidr-default takes precedence. Delete one of the two keys, or merge their values.',
  ]);
});

test('a key without a valid entry is an empty pool, not a missing one', () => {
  const config = readConfig(
    configMap([
      ['cidr-default', 'nonsense'],
      ['cidr-global', '10.0.0.0/29'],
    ]),
  );
  assert.equal(poolFor(config, 'default')?.key, 'cidr-default');
  assert.equal(poolFor(config, 'other')?.key, 'cidr-global');
});
