import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from './harness.ts';

test('20,000 malformed keys beside one good pool: its Services are served, and log and events stay small', async () => {
  const harness = new Harness();
  const bad = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`cdir-shop-${i}`, '10.0.0.0/24']));
  harness.pools({ ...bad, 'cidr-shop': '10.0.0.0/28' });
  harness.start();
  for (let i = 0; i < 12; i += 1) await harness.create(`shop/web-${i}`);
  await harness.settled();
  for (const { spec } of harness.services()) assert.match(spec?.loadBalancerIP ?? '', /^10\.0\.0\./);
  const about = (): string[] => harness.log.lines.filter((line) => / keys?\b/.test(line));
  assert.equal(about().length, 21, 'some problems are explained, and the others are counted in a line');
  assert.match(about().at(-1) ?? '', /^warn: The ConfigMap has more problems: unknown keys \(19980\)\.$/);
  assert.equal(harness.events().filter((event) => event.includes('InvalidPoolConfiguration')).length, 1);
  const read = harness.log.lines.indexOf('info: read the pools');
  assert.equal(harness.log.fields[read]?.problems, 20_000);
  // What is said already is not said again.
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { 'cidr-shop': '10.0.0.0/27' } });
  await harness.create('shop/later');
  await harness.settled();
  assert.equal(about().length, 21);
  await harness.stop();
});

test('many entries that are only read differently are no warning', async () => {
  const harness = new Harness();
  const value = Array.from({ length: 50 }, (_, i) => `10.0.${i}.7/29`).join(',');
  harness.pools({ 'cidr-a': value, 'cidr-b': value });
  harness.start();
  await harness.settled();
  assert.deepEqual(
    harness.events().map((event) => event.split(' ').slice(0, 2).join(' ')),
    ['Normal PoolEntryNormalized'],
  );
  assert.ok(harness.log.lines.includes('info: cidr-a has more problems: entries with host bits set (30).'));
  assert.ok(harness.log.lines.every((line) => line.startsWith('info: ')));
  await harness.stop();
});
