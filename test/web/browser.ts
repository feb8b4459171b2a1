import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { installChromium } from './chromium.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of the installed Chromium, or undefined. */
export function locateChromium({ PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  const paths = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export async function launch(executablePath: string): Promise<Browser> {
  // Chromium refuses to run its sandbox as root, as in a container. The tests open only our own page.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

type Body = (page: Page) => Promise<void>;

/** Runs each body in a browser context of its own. Console output of the page, usually an error, fails the test. */
export function browserTests(): (title: string, body: Body, context?: BrowserContextOptions) => void {
  const executable = locateChromium(process.env);
  const skip =
    executable === undefined ? `Chromium is not installed. Run \`${installChromium}\`.` : undefined;
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
      if (browser === undefined) throw new Error('the browser has not started');
      const browserContext = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context });
      try {
        const page = await browserContext.newPage();
        // Only ends a test that can't pass, as everywhere.
        page.setDefaultTimeout(120_000);
        const errors: string[] = [];
        page.on('console', (message) => errors.push(message.text()));
        page.on('pageerror', (error) => errors.push(error.message));
        await body(page);
        if (errors.length > 0) throw new Error(`unexpected console output: ${errors.join('\n')}`);
      } finally {
        await browserContext.close();
      }
    });
  };
}
