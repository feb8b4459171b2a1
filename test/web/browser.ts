import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { installChromium } from './chromium.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium of this machine, or undefined. */
export function locateChromium({ PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  const places = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export async function launch(executablePath: string): Promise<Browser> {
  // Root, as in a container, has no sandbox; it opens nothing but our own page.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

type Body = (page: Page) => Promise<void>;

/** Runs each body in a browser window of its own. What a page writes on its console, a fault mostly, fails it. */
export function browserTests(): (title: string, body: Body, context?: BrowserContextOptions) => void {
  const executable = locateChromium(process.env);
  const skip = executable === undefined ? `needs Chromium: \`${installChromium}\` installs it` : undefined;
  let browser: Browser | undefined;
  if (executable !== undefined) {
    before(async () => {
      browser = await launch(executable);
    });
    after(async () => {
      await browser?.close();
    });
  }
  return (title, body, context = {}) => {
    test(title, skip === undefined ? {} : { skip }, async () => {
      if (browser === undefined) throw new Error('there is no browser');
      const window = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context });
      try {
        const page = await window.newPage();
        const faults: string[] = [];
        page.on('console', (message) => faults.push(message.text()));
        page.on('pageerror', (error) => faults.push(error.message));
        await body(page);
        if (faults.length > 0) throw new Error(`on the page's console: ${faults.join('\n')}`);
      } finally {
        await window.close();
      }
    });
  };
}
