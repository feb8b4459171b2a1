/** The page in a real browser, with many Services in one large pool; in a process of its own, which is the server, too. */

import type { Browser, Page } from 'playwright-core';
import { systemClock } from '../../src/client/clock.ts';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { addressAt } from '../../src/core/ip/range.ts';
import type { Options } from '../../src/core/model/options.ts';
import { keyOf } from '../../src/core/model/service-view.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { serveWeb, type WebPage } from '../../src/web/serve.ts';
import { launch } from '../../test/web/browser.ts';
import { controller, serviceView } from '../core/services.ts';
import { serve } from '../part.ts';

export interface PageInput {
  readonly chromium: string;
  readonly services: number;
  readonly rounds: number;
}

/** Milliseconds, one of each round. */
export interface ViewFigures {
  readonly name: string;
  /** From the opening of the link to the drawn map, in a new window. */
  readonly opened: readonly number[];
  /** All that came over the wire for it. */
  readonly bytes: number;
  /** The server's answer for it, alone. */
  readonly answered: readonly number[];
  /** The longest task of the browser while it was opened. */
  readonly longest: number;
}

export interface PageFigures {
  readonly services: number;
  /** What the server takes to look at the whole world. */
  readonly looked: readonly number[];
  readonly views: readonly ViewFigures[];
  /** From a change of a Service to the changed cell on the page. */
  readonly updated: readonly number[];
  /** Between two frames while the page is scrolled from top to bottom; and while a block is zoomed into. */
  readonly scrolled: readonly number[];
  readonly zoomed: readonly number[];
}

const options: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller,
  claims: false,
};
const first = 10n * 254n * 65_536n;
const views = {
  'first page': ['#/', '/api/overview'],
  'the /16': ['#/pool/cidr-global', '/api/pool/cidr-global'],
  'a /22 of it': ['#/pool/cidr-global/10.0.0.0%2F22', '/api/pool/cidr-global?range=10.0.0.0/22'],
} as const;

async function measure({ chromium, services, rounds }: PageInput, signal: AbortSignal): Promise<PageFigures> {
  const allocator = new Allocator(options);
  allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.0/16' } }));
  const list = Array.from({ length: services }, (_, i) =>
    // Every third address, so that free ones lie between.
    serviceView(i, i + 1, 'IPv4', addressAt('IPv4', first + BigInt(3 * i))),
  );
  allocator.replaceServices(list, String(services + 1));
  const shown = { allocator, options, clock: systemClock, version: 'bench', role: () => 'watching' as const };
  const site = await serveWeb(shown, 0);
  const browser = await launch(chromium);
  signal.addEventListener('abort', () => void browser.close());
  try {
    const looked = times(rounds, () => takeSnapshot(allocator, options));
    const counters: ViewFigures[] = [];
    for (const [name, [hash, path]] of Object.entries(views))
      counters.push(await open(browser, site, { name, hash, path }, rounds));
    return { services, looked, views: counters, ...(await live(browser, site, allocator, rounds)) };
  } finally {
    await browser.close();
    site.close();
  }
}

function times(rounds: number, work: () => unknown): number[] {
  return Array.from({ length: rounds }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
}

/** In the page, before anything else of it. */
const observeTasks = `window.tasks = [];
new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) window.tasks.push(duration); })
  .observe({ type: 'longtask', buffered: true });`;

async function open(
  browser: Browser,
  site: WebPage,
  { name, hash, path }: { name: string; hash: string; path: string },
  rounds: number,
): Promise<ViewFigures> {
  const [opened, answered]: number[][] = [[], []];
  let [bytes, longest] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    await (await fetch(new URL(path, site.url))).arrayBuffer();
    answered?.push(performance.now() - begun);
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.addInitScript(observeTasks);
    const opening = performance.now();
    await page.goto(`${site.url}${hash}`);
    await page.locator('[role=grid]').first().waitFor();
    opened?.push(performance.now() - opening);
    const entries = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]`;
    bytes = await page.evaluate<number>(`${entries}.reduce((sum, one) => sum + one.transferSize, 0)`);
    longest = Math.max(longest, await page.evaluate<number>('Math.max(0, ...window.tasks)'));
    await page.close();
  }
  return { name, opened: opened ?? [], bytes, answered: answered ?? [], longest };
}

async function live(
  browser: Browser,
  site: WebPage,
  allocator: Allocator,
  rounds: number,
): Promise<Pick<PageFigures, 'updated' | 'scrolled' | 'zoomed'>> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(`${site.url}${views['a /22 of it'][0]}`);
  await page.getByText('live', { exact: true }).waitFor();
  const updated: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Not in step with the pauses of the server.
    await page.waitForTimeout(700 + 37 * (round % 8));
    // The free address right behind that of a Service, by turns had and free.
    const address = addressAt('IPv4', first + 1n);
    const isThere = round % 2 === 1;
    const view = serviceView(900_000, 900_000 + round, 'IPv4', address);
    const seen = page.evaluate<number>(changeOf('10.0.0.2', isThere ? 'free' : 'assigned'));
    const begun = Date.now();
    if (isThere) allocator.deleteService(keyOf(view), String(900_000 + round));
    else allocator.putService(view);
    site.changed();
    updated.push((await seen) - begun);
  }
  const scrolled = await frames(page, async () => {
    for (let i = 0; i < 40; i += 1) await page.mouse.wheel(0, 200);
  });
  await page.goto(`${site.url}${views['the /16'][0]}`);
  const block = page.locator('[data-key="10.0.4.0/24"]');
  await block.waitFor();
  const zoomed = await frames(page, async () => {
    await block.click();
    await page.locator('[data-key="10.0.4.9"]').first().waitFor();
  });
  return { updated, scrolled, zoomed };
}

/** The time on the clock at which the cell comes to be in the state. */
function changeOf(address: string, state: string): string {
  return `new Promise((resolve) => {
  const is = () => document.querySelector('[data-key="${address}"]')?.dataset.state === '${state}';
  const look = () => { if (is()) requestAnimationFrame(() => resolve(Date.now())); return is(); };
  if (!look()) new MutationObserver((_, observer) => { if (look()) observer.disconnect(); })
    .observe(document.body, { subtree: true, attributes: true, childList: true });
})`;
}

/** How far apart the frames are while something is done. */
async function frames(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`window.frameTimes = []; window.goesOn = true;
requestAnimationFrame(function next(at) { window.frameTimes.push(at); if (window.goesOn) requestAnimationFrame(next); });`);
  await work();
  await page.waitForTimeout(200);
  const at = await page.evaluate<number[]>('window.goesOn = false, window.frameTimes');
  return at.slice(1).map((time, i) => time - (at[i] ?? time));
}

await serve(measure);
