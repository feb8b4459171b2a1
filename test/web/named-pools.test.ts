import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import type { KubeObject, Service } from '../../src/core/model/objects.ts';
import { assertAccessible } from './axe.ts';
import { browserTests } from './browser.ts';
import { type ServedPage, servePage } from './served-page.ts';

/** Named pools, exclusions, reservations, and quotas on the page, in a real browser. */

const browserTest = browserTests();

const pools = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'kube-system', name: 'kubevip' },
  data: {
    'pool.internal': '10.0.0.0/27',
    'pool.dmz': '203.0.113.16/28',
    'exclude.internal': '10.0.0.1-10.0.0.3',
    'pools-global': 'internal',
    'pools-shop': 'internal, dmz',
    'reserve-shop': 'db=10.0.0.9',
    'quota-shop': '2',
  },
};

const service = (namespace: string, name: string, chosen?: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    namespace,
    name,
    // The oldest is first.
    creationTimestamp: `2026-01-0${name.length}T00:00:00Z`,
    ...(chosen === undefined ? {} : { annotations: { 'kube-vip.io/pool': chosen } }),
  },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
});

const objects: readonly KubeObject[] = [
  pools,
  service('shop', 'a'),
  service('shop', 'bb', 'dmz'),
  service('shop', 'ccc'),
];

let served: ServedPage;
before(async () => {
  served = await servePage(objects);
});
after(async () => {
  await served.close();
});

async function open(page: Page, hash: string): Promise<void> {
  await page.goto(`${served.url}${hash}`);
  await page.locator('h1').waitFor();
}

browserTest('a cell says by which key it is excluded, or for which Service it is reserved', async (page) => {
  await open(page, '#/');
  const card = page.getByRole('article', { name: 'pool.internal' });
  await card.getByText('for shop, all others without a list of their own; 3 excluded; 1 reserved').waitFor();
  const excluded = card.getByRole('link', { name: '10.0.0.1, excluded by exclude.internal', exact: true });
  assert.equal(await excluded.getAttribute('data-state'), 'excluded');
  const reserved = card.getByRole('link', {
    name: '10.0.0.9, reserved for shop/db (reserve-shop)',
    exact: true,
  });
  assert.deepEqual(
    [await reserved.getAttribute('data-state'), await reserved.getAttribute('data-sign')],
    ['reserved', 'R'],
  );
  const colorOf = (state: string): Promise<unknown> =>
    page.evaluate(`getComputedStyle(document.querySelector('.cell[data-state=${state}]')).backgroundColor`);
  const colors = await Promise.all(['free', 'assigned', 'excluded', 'reserved'].map(colorOf));
  assert.equal(new Set(colors).size, 4, String(colors));
  const legend = page.getByRole('list', { name: 'Signs in the maps' });
  assert.match((await legend.textContent()) ?? '', /Rreserved–excluded/);
  await reserved.hover();
  const details = page.locator('#cell-details');
  await details.getByText('10.0.0.9, reserved for shop/db (reserve-shop)').waitFor();
  await reserved.click();
  await page.getByText('It is reserved for shop/db (reserve-shop).').waitFor();
});

browserTest('a quota is a bar and a text, with the Services that wait for it', async (page) => {
  await open(page, '#/');
  const quotas = page.getByRole('region', { name: 'Quotas' });
  await quotas.getByText('2 of 2, 1 pending').waitFor();
  assert.equal(await quotas.locator('.bar').getAttribute('data-fill'), '100');
  await served.remove('shop', 'ccc');
  await quotas.getByText('2 of 2', { exact: true }).waitFor();
  await served.create(service('shop', 'ccc'));
});

browserTest('a Service says which pools it uses, and why', async (page) => {
  await open(page, '#/service/shop/bb');
  const checks = page.getByRole('region', { name: 'Checks' });
  await checks.getByText('pools-shop has internal, dmz').waitFor();
  await checks.getByText('the annotation kube-vip.io/pool names it').waitFor();
  await page.getByRole('link', { name: 'pool.dmz', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'pool.dmz' }).waitFor();
});

for (const colorScheme of ['light', 'dark'] as const)
  browserTest(
    `axe finds no violations: ${colorScheme}`,
    async (page) => {
      for (const hash of [
        '#/',
        '#/pool/pool.internal',
        '#/service/shop/bb',
        '#/address/10.0.0.9',
        '#/address/10.0.0.1',
      ]) {
        await open(page, hash);
        await assertAccessible(page, hash);
      }
    },
    { colorScheme, viewport: { width: 360, height: 740 }, bypassCSP: true, reducedMotion: 'reduce' },
  );
