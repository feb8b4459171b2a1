import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { assertAccessible } from './axe.ts';
import { browserTests } from './browser.ts';
import { type ServedPage, servePage } from './served-page.ts';

/** Pools with more addresses than a page can show. */

const browserTest = browserTests();

function service(name: string, address: string): KubeObject & Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'a', name, annotations: { [annotations.addresses]: address } },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  };
}

let served: ServedPage;
before(async () => {
  const configMap: KubeObject & Record<string, unknown> = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'kubevip' },
    data: { 'cidr-a': '10.0.0.0/16', 'cidr-global': '2001:db8::/64,10.9.0.0/22' },
  };
  served = await servePage([
    configMap,
    service('one', '10.0.4.9'),
    service('six', '2001:db8::1:5'),
    service('far', '10.200.0.1'),
  ]);
});
after(async () => {
  await served.close();
});

browserTest('the blocks of a /16 lead to its addresses by keyboard, and a link leads back', async (page) => {
  await page.goto(`${served.url}#/pool/cidr-a`);
  const block = page.getByRole('link', { name: '10.0.4.0/24, 1 in use (1 static), < 1%, 253 free' });
  await block.waitFor();
  assert.equal(await block.textContent(), '4');
  assert.equal(await page.getByRole('grid').first().getByRole('link').count(), 256);
  await page.getByRole('link', { name: /^10\.0\.0\.0\/24,/ }).focus();
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const cell = page.getByRole('link', { name: '10.0.4.9, static, a/one' });
  await cell.waitFor();
  assert.equal(await page.getByRole('grid').getByRole('link').count(), 256);
  await page.getByRole('navigation').getByRole('link', { name: '10.0.0.0/16' }).click();
  await block.waitFor();
});

browserTest(
  'a /64 links directly to the addresses in use, and a pool lists addresses outside it below the map',
  async (page) => {
    await page.goto(`${served.url}#/pool/cidr-global`);
    await page.getByRole('link', { name: 'Zoom to what is in use: 2001:db8::1:0/120' }).click();
    await page.getByRole('link', { name: '2001:db8::1:5, static, a/six' }).waitFor();
    await page.goto(`${served.url}#/pool/cidr-a`);
    await page
      .getByRole('grid', { name: 'outside cidr-a' })
      .getByRole('link', { name: '10.200.0.1, static, a/far' })
      .waitFor();
  },
);

browserTest(
  'axe finds no violations in blocks and in a thousand cells',
  async (page) => {
    for (const hash of ['#/', '#/pool/cidr-a', '#/pool/cidr-global', '#/pool/cidr-a/10.0.4.0%2F24']) {
      await page.goto(`${served.url}${hash}`);
      await page.getByRole('grid').first().waitFor();
      await assertAccessible(page, hash);
    }
  },
  { bypassCSP: true, colorScheme: 'dark' },
);
