import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import type { Service } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { axeFindsNothing } from './axe.ts';
import { browserTests } from './browser.ts';
import { exampleWorld, type ServedPage, servePage } from './served-page.ts';

/** The page in a real browser, on the world of `npm start`. */

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
  page.locator(':focus').first().getAttribute('aria-label', { timeout: 5_000 });

browserTest('the first page shows each pool with its addresses, who waits, and why', async (page) => {
  await open(page);
  assert.deepEqual(await texts(page, 'article h3'), [
    ...['cidr-default', 'cidr-development', 'cidr-finance', 'cidr-global', 'cidr-ipv6', 'cidr-testing'],
    ...['range-dual-stack', 'range-shop'],
  ]);
  const cell = page.getByRole('link', { name: '192.168.0.209, shared, development/api' });
  assert.match((await cell.getAttribute('aria-label')) ?? '', /development\/dns-udp$/);
  assert.equal(await cell.textContent(), '.209');
  assert.equal(await cell.getAttribute('data-sign'), '+');
  const waiting = page.getByRole('region', { name: 'Waiting' });
  await waiting.getByText('Pool cidr-ipv6 is full: all 2 of its IPv6 addresses are in use.').waitFor();
});

browserTest(
  'a link leads to a pool, a Service or an address, and what is not there is said',
  async (page) => {
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
  },
);

browserTest('a change is shown and said without a reload, and the focus stays where it is', async (page) => {
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
  await page.getByRole('region', { name: 'Changed lately' }).getByText('shop/new').first().waitFor();
  await served.remove('shop', 'new');
  await page.getByRole('link', { name: '192.168.0.21, free' }).waitFor();
});

browserTest('a window that nobody sees asks for nothing, and catches up when it is seen', async (page) => {
  await open(page);
  await page.getByText('live', { exact: true }).waitFor();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const see = (isHidden: boolean): Promise<unknown> =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
document.dispatchEvent(new Event('visibilitychange'));`);
  await see(true);
  await served.create(service('shop', 'unseen'));
  await page.waitForTimeout(700);
  assert.deepEqual(asked, []);
  await see(false);
  await page.getByRole('link', { name: /^192\.168\.0\.21, assigned, shop\/unseen/ }).waitFor();
  assert.deepEqual(asked, ['/api/news', '/api/world']);
  await served.remove('shop', 'unseen');
});

browserTest('all of it by keyboard: search, a map by arrows, and a way back', async (page) => {
  await open(page, '#/search/printer');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id + location.hash'), 'main#/search/printer');
  await page.keyboard.press('/');
  await page.keyboard.type('192.168.0.228');
  await page.getByRole('heading', { level: 1, name: 'Search: 192.168.0.228' }).waitFor();
  assert.deepEqual(await texts(page, '.services .who'), ['testing/printer', 'testing/scanner']);
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
  'on a phone nothing is wider than the screen, and everything large enough to touch',
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

browserTest('what somebody wrote on a Service is text, whatever it looks like', async (page) => {
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
      `axe finds nothing: ${colorScheme}, ${screen}`,
      async (page) => {
        for (const hash of views) {
          await open(page, hash);
          await axeFindsNothing(page, hash);
        }
      },
      { viewport, colorScheme, bypassCSP: true, reducedMotion: 'reduce' },
    );
  }
}
