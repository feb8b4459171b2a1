import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/**
 * Needs a browser context with `bypassCSP`: the page's content security policy allows only its own scripts.
 * Nothing is preloaded, because a page from disk may not read its own style sheet.
 */
export async function assertAccessible(page: Page, view: string): Promise<void> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResult>('axe.run({ preload: false })');
  const messages = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  assert.deepEqual(messages, [], view);
}
