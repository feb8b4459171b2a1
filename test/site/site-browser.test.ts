/** The site in a browser, from disk: no server, no request that isn't a file. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { buildSite } from '../../scripts/site/main.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { root } from '../docs/document.ts';
import { assertAccessible } from '../web/axe.ts';
import { browserTests } from '../web/browser.ts';

const folder = temporaryFolder('kvcp-site-');
before(() => buildSite({ root, outdir: folder.path }));
after(() => folder.remove());

const inBrowser = browserTests();

async function open(page: Page, path: string): Promise<void> {
  await page.goto(pathToFileURL(join(folder.path, path)).href);
}

/** The targets of the search results. */
function hrefs(page: Page): Promise<string[]> {
  return page.evaluate(
    "[...document.querySelectorAll('#results a')].map((link) => link.getAttribute('href'))",
  );
}

inBrowser('the search finds a section by its words, and leads to it', async (page) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await open(page, 'docs/guides/k3s.html');
  await page.keyboard.press('/');
  await page.keyboard.type('shared address');
  const results = page.getByRole('list', { name: 'Search results' });
  await results.getByRole('link').first().waitFor();
  const [first = ''] = await hrefs(page);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.href.endsWith(first.replaceAll('../', '')));
  await page.getByRole('searchbox').fill('shared address');
  await results.getByRole('link', { name: 'Turn sharing off' }).click();
  await page.waitForURL(/\/docs\/sharing\.html#turn-sharing-off$/);
  assert.ok(requests.every((url) => url.startsWith('file:')));
});

inBrowser('a flag, an event reason, a metric, and a prefix are found', async (page) => {
  await open(page, 'index.html');
  for (const [query, target] of [
    ['--leader-elect-resource-name', /reference|upgrade|install|several/],
    ['ForeignLoadBalancerStatus', /troubleshooting|events/],
    ['kube_vip_cloud_provider_log_lines_lost_total', /metrics/],
    ['servicelb', /guides\/(?:k3s|rke2)/],
    ['compatib', /compatibility/],
  ] as const) {
    await page.getByRole('searchbox').fill(query);
    await page.locator(`#results[data-query="${query}"]`).waitFor();
    const targets = await hrefs(page);
    assert.ok(
      targets.slice(0, 5).some((href) => target.test(href)),
      `${query}: ${targets.slice(0, 5).join(', ')}`,
    );
  }
  await page.getByRole('searchbox').fill('qqqqqq');
  await page.getByText('No section contains these words.').waitFor();
});

for (const colorScheme of ['light', 'dark'] as const)
  inBrowser(
    `pages and search results are accessible (${colorScheme})`,
    async (page) => {
      for (const path of ['deploy/admission/pools.yaml.html', 'docs/guides/k3s.html']) {
        await open(page, path);
        await assertAccessible(page, path);
      }
      await page.getByRole('searchbox').fill('address');
      await page.getByRole('list', { name: 'Search results' }).getByRole('link').first().waitFor();
      await assertAccessible(page, 'search results');
    },
    { colorScheme, bypassCSP: true },
  );

inBrowser(
  'pages fit on a phone, which has the navigation below the content',
  async (page) => {
    for (const path of [
      'index.html',
      'docs/compatibility.html',
      'docs/SPEC.html',
      'docs/guides/air-gap.html',
    ]) {
      await open(page, path);
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      assert.equal(await page.evaluate(overflow), 0, path);
    }
    await assertAccessible(page, 'docs/guides/air-gap.html');
    await page.getByRole('link', { name: 'All pages' }).click();
    const pages = page.getByRole('navigation', { name: 'All pages' });
    await pages.getByRole('link', { name: 'Troubleshooting' }).click();
    await page.getByRole('heading', { level: 1, name: 'Troubleshooting' }).waitFor();
  },
  { viewport: { width: 390, height: 844 }, bypassCSP: true },
);
