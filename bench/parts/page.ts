/** The page in Chromium. The server runs in the measuring process. */

import type { Browser, Page } from 'playwright-core';
import { systemClock } from '../../src/client/clock.ts';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { addressAt } from '../../src/core/ip/range.ts';
import { keyOf } from '../../src/core/model/service-view.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { serveWeb, type WebPage } from '../../src/web/serve.ts';
import { launch, locateChromium } from '../../test/web/browser.ts';
import { installChromium } from '../../test/web/chromium.ts';
import { controllerOptions as options, serviceView } from '../core/services.ts';
import { count, middle, short, table } from '../figures.ts';
import { definePart, PartFailed } from '../part.ts';

const services = 5_000;
const first = 10n * 254n * 65_536n;
const viewport = { width: 1400, height: 900 };
const views = [
  { name: 'first page', hash: '#/', path: '/api/overview' },
  { name: 'the /16', hash: '#/pool/cidr-global', path: '/api/pool/cidr-global' },
  {
    name: 'a /22 of it',
    hash: '#/pool/cidr-global/10.0.0.0%2F22',
    path: '/api/pool/cidr-global?range=10.0.0.0/22',
  },
] as const;

export const part = definePart({
  about: 'the web page with 5,000 Services; needs Chromium',
  inputs: (quick) => [{ rounds: quick ? 3 : 11 }],

  async measure({ rounds }, stack) {
    const chromium = locateChromium(process.env);
    if (chromium === undefined) throw new PartFailed(`Missing Chromium. Run: ${installChromium}`);
    const allocator = new Allocator(options, () => 0);
    const data = { 'cidr-global': '10.0.0.0/16' };
    allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data }));
    // Every third address, so that there are free ones in between.
    const list = Array.from({ length: services }, (_, i) =>
      serviceView(i, i + 1, 'IPv4', addressAt('IPv4', first + BigInt(3 * i))),
    );
    allocator.replaceServices(list, String(services + 1));
    const shown = {
      allocator,
      options,
      clock: systemClock,
      version: 'bench',
      role: () => 'read-only' as const,
    };
    const site = await serveWeb(shown, 0);
    stack.defer(() => site.close());
    const browser = await launch(chromium);
    stack.defer(() => browser.close());
    const snapshots = Array.from({ length: rounds }, () => {
      const begun = performance.now();
      takeSnapshot(allocator, options, 0);
      return performance.now() - begun;
    });
    const opened = [];
    for (const view of views) opened.push(await open(browser, site, view, rounds));
    return { snapshots, opened, live: await live(browser, site, allocator, rounds) };
  },

  print: ({
    snapshots,
    opened,
    live,
  }) => `page: ${count(services)} Services in a /16, in Chromium; ms, medians and ranges
  opened     from the link until the map is drawn, in a new window
  answered   the server's answer alone
  longest    task of the browser; 0 if none took 50 ms

${table(
  ['view', 'opened', 'answered', 'kB', 'longest'],
  opened.map((view) => [
    ...[view.name, middle(view.opened), middle(view.answered)],
    ...[short(view.bytes / 1_000), short(view.longest)],
  ]),
)}
${table(
  ['', 'ms'],
  [
    ['snapshot of the server', middle(snapshots)],
    ['change of a Service to the changed cell', middle(live.updated)],
    ['between two frames, scrolling', middle(live.scrolled)],
    ['between two frames, zooming in', middle(live.zoomed)],
  ],
)}`,
});

/** Runs in the page before anything else. */
const observeTasks = `window.tasks = [];
new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) window.tasks.push(duration); })
  .observe({ type: 'longtask', buffered: true });`;

async function open(
  browser: Browser,
  site: WebPage,
  { name, hash, path }: (typeof views)[number],
  rounds: number,
) {
  const opened: number[] = [];
  const answered: number[] = [];
  let [bytes, longest] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const asked = performance.now();
    await (await fetch(new URL(path, site.url))).arrayBuffer();
    answered.push(performance.now() - asked);
    const page = await browser.newPage({ viewport });
    await page.addInitScript(observeTasks);
    const opening = performance.now();
    await page.goto(`${site.url}${hash}`);
    await page.locator('[role=grid]').first().waitFor();
    opened.push(performance.now() - opening);
    const entries = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]`;
    bytes = await page.evaluate<number>(`${entries}.reduce((sum, one) => sum + one.transferSize, 0)`);
    longest = Math.max(longest, await page.evaluate<number>('Math.max(0, ...window.tasks)'));
    await page.close();
  }
  return { name, opened, answered, bytes, longest };
}

async function live(browser: Browser, site: WebPage, allocator: Allocator, rounds: number) {
  const page = await browser.newPage({ viewport });
  await page.goto(`${site.url}${views[2].hash}`);
  await page.getByText('live', { exact: true }).waitFor();
  const updated: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Out of step with the intervals of the server.
    await page.waitForTimeout(700 + 37 * (round % 8));
    // The free address after that of the first Service, in turns assigned and free.
    const isAssigned = round % 2 === 1;
    const view = serviceView(900_000, 900_000 + round, 'IPv4', addressAt('IPv4', first + 1n));
    const seen = page.evaluate<number>(changeOf('10.0.0.2', isAssigned ? 'free' : 'assigned'));
    const begun = Date.now();
    if (isAssigned) allocator.deleteService(keyOf(view), String(900_000 + round));
    else allocator.putService(view);
    site.changed();
    updated.push((await seen) - begun);
  }
  const scrolled = await frames(page, async () => {
    for (let i = 0; i < 40; i += 1) await page.mouse.wheel(0, 200);
  });
  await page.goto(`${site.url}${views[1].hash}`);
  const block = page.locator('[data-key="10.0.4.0/24"]');
  await block.waitFor();
  const zoomed = await frames(page, async () => {
    await block.click();
    await page.locator('[data-key="10.0.4.9"]').first().waitFor();
  });
  return { updated, scrolled, zoomed };
}

/** Returns the time of the clock when the cell changes to the state. */
function changeOf(address: string, state: string): string {
  return `new Promise((resolve) => {
  const is = () => document.querySelector('[data-key="${address}"]')?.dataset.state === '${state}';
  const look = () => { if (is()) requestAnimationFrame(() => resolve(Date.now())); return is(); };
  if (!look()) new MutationObserver((_, observer) => { if (look()) observer.disconnect(); })
    .observe(document.body, { subtree: true, attributes: true, childList: true });
})`;
}

/** The times between frames while `work` runs. */
async function frames(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`window.frameTimes = []; window.goesOn = true;
requestAnimationFrame(function next(at) { window.frameTimes.push(at); if (window.goesOn) requestAnimationFrame(next); });`);
  await work();
  await page.waitForTimeout(200);
  const at = await page.evaluate<number[]>('window.goesOn = false, window.frameTimes');
  return at.slice(1).map((time, i) => time - (at[i] ?? time));
}
