import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import type { Service } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { assertAccessible } from './axe.ts';
import { browserTests } from './browser.ts';
import { exampleWorld, type ServedPage, servePage } from './served-page.ts';

/** The page in a real browser, with the objects of `npm start`. */

const browserTest = browserTests();
let served: ServedPage;
before(async () => {
  served = await servePage(exampleWorld());
});
after(async () => {
  await served.close();
});

const service = (namespace: string, name: string, addresses?: string): Service => ({
  metadata: {
    namespace,
    name,
    ...(addresses === undefined ? {} : { annotations: { [annotations.addresses]: addresses } }),
  },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
});

async function open(page: Page, hash = '#/'): Promise<void> {
  await page.goto(`${served.url}${hash}`);
  await page.locator('h1').waitFor();
}

async function texts(page: Page, selector: string): Promise<string[]> {
  return (await page.locator(selector).allTextContents()).map((text) => text.trim());
}

const label = (page: Page): Promise<string | null> =>
  page.locator(':focus').first().getAttribute('aria-label', { timeout: 60_000 });

browserTest(
  'the overview shows each pool with its addresses, and pending Services with the reason',
  async (page) => {
    await open(page);
    assert.deepEqual(await texts(page, 'article h3'), [
      ...['cidr-default', 'cidr-development', 'cidr-finance', 'cidr-global', 'cidr-ipv6', 'cidr-testing'],
      ...['range-dual-stack', 'range-shop'],
    ]);
    const cell = page.getByRole('link', { name: '192.168.0.209, shared, development/api' });
    assert.match((await cell.getAttribute('aria-label')) ?? '', /development\/dns-udp$/);
    assert.equal(await cell.textContent(), '.209');
    assert.equal(await cell.getAttribute('data-sign'), '+');
    const pending = page.getByRole('region', { name: 'Pending and conflicting' });
    await pending.getByText('Pool cidr-ipv6 is full: both of its IPv6 addresses are in use.').waitFor();
  },
);

browserTest('links lead to a pool, an address and a Service, and back', async (page) => {
  await open(page, '#/pool/cidr-development');
  assert.equal(await page.locator('h1').textContent(), 'cidr-development');
  await page.getByRole('link', { name: '192.168.0.210, assigned, development/api-canary' }).click();
  await page.getByRole('heading', { level: 1, name: '192.168.0.210' }).waitFor();
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  await page.getByRole('link', { name: 'development/api-canary' }).click();
  await page.getByRole('heading', { level: 1, name: 'development/api-canary' }).waitFor();
  assert.match(await page.title(), /^development\/api-canary/);
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: '192.168.0.210' }).waitFor();
});

browserTest(
  'a change is shown and announced without a reload, and the focus stays where it is',
  async (page) => {
    await open(page);
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('link', { name: '192.168.0.21, free' }).focus();
    await served.create(service('shop', 'new'));
    await page.getByRole('link', { name: '192.168.0.21, assigned, shop/new' }).waitFor();
    assert.equal(await label(page), '192.168.0.21, assigned, shop/new');
    await page
      .getByRole('status')
      .getByText(/shop\/new: .*192\.168\.0\.21/)
      .waitFor();
    await page.getByRole('region', { name: 'Recent changes' }).getByText('shop/new').first().waitFor();
    await served.remove('shop', 'new');
    await page.getByRole('link', { name: '192.168.0.21, free' }).waitFor();
  },
);

browserTest('a hidden window sends no requests, and catches up when it becomes visible', async (page) => {
  await open(page);
  await page.getByText('live', { exact: true }).waitFor();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  const setHidden = (isHidden: boolean): Promise<unknown> =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
document.dispatchEvent(new Event('visibilitychange'));`);
  await setHidden(true);
  await served.create(service('shop', 'hidden'));
  await page.waitForTimeout(700);
  assert.deepEqual(requests, []);
  await setHidden(false);
  await page.getByRole('link', { name: /^192\.168\.0\.21, assigned, shop\/hidden/ }).waitFor();
  assert.deepEqual(requests, ['/api/updates', '/api/overview']);
  await served.remove('shop', 'hidden');
});

browserTest('keyboard: search, arrow keys within a map, and Tab out of it and back', async (page) => {
  await open(page, '#/search/printer');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id + location.hash'), 'main#/search/printer');
  await page.keyboard.press('/');
  await page.keyboard.type('192.168.0.228');
  await page.getByRole('heading', { level: 1, name: 'Search: 192.168.0.228' }).waitFor();
  assert.deepEqual(await texts(page, '.services .name'), ['testing/printer', 'testing/scanner']);
  assert.equal(await page.evaluate('document.activeElement.id'), 'query');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { level: 1, name: 'Addresses' }).waitFor();
  await page.getByRole('link', { name: 'cidr-default', exact: true }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.equal(await label(page), '192.168.0.200, excluded');
  await page.keyboard.press('ArrowRight');
  assert.equal(await label(page), '192.168.0.201, assigned, default/blog');
  await page.keyboard.press('End');
  assert.equal(await label(page), '192.168.0.207, excluded');
  await page.keyboard.press('ArrowRight');
  assert.equal(await label(page), '192.168.0.207, excluded');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  assert.equal(await label(page), '192.168.0.201, assigned, default/blog');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: '192.168.0.201' }).waitFor();
});

browserTest(
  'on a phone nothing is wider than the screen, and cells are large enough to touch',
  async (page) => {
    for (const hash of [
      '#/',
      '#/pool/cidr-default',
      '#/service/testing/scanner',
      '#/address/192.168.0.209',
      '#/search/',
    ]) {
      await open(page, hash);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, hash);
    }
    await open(page);
    const box = await page.getByRole('link', { name: '192.168.0.201, assigned, default/blog' }).boundingBox();
    assert.ok(box !== null && box.width >= 24 && box.height >= 24, JSON.stringify(box));
  },
  { viewport: { width: 360, height: 740 } },
);

browserTest('markup in a Service is shown as text', async (page) => {
  const hostile = '<img src=x onerror="document.title=1">,<script>document.title=2</script>\u202e';
  await served.create(service('testing', 'hostile', hostile));
  await open(page, '#/service/testing/hostile');
  await page.getByText('<img src=x onerror=').first().waitFor();
  await open(page, '#/search/hostile');
  await page.getByText('<script>document.title=2</script>\\u202e').waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.match(await page.title(), /^Search: hostile/);
  await served.remove('testing', 'hostile');
});

const screens = { wide: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
const views = [
  ...['#/', '#/pool/cidr-default', '#/pool/range-dual-stack', '#/service/testing/scanner'],
  ...['#/address/192.168.0.209', '#/address/192.168.0.1', '#/search/dual', '#/search/nothing-like-it'],
];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [screen, viewport] of Object.entries(screens)) {
    browserTest(
      `axe finds no violations: ${colorScheme}, ${screen}`,
      async (page) => {
        for (const hash of views) {
          await open(page, hash);
          await assertAccessible(page, hash);
        }
      },
      { viewport, colorScheme, bypassCSP: true, reducedMotion: 'reduce' },
    );
  }
}
