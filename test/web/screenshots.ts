/** `node setup.mjs test/web/screenshots.ts` takes the screenshots of docs/page.md, with the objects of `npm start`. Check them. */

import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, locateChromium } from './browser.ts';
import { installChromium } from './chromium.ts';
import { exampleWorld, servePage } from './served-page.ts';

const wide = { viewport: { width: 1080, height: 700 } };
const screenshots = {
  light: { ...wide, colorScheme: 'light' },
  dark: { ...wide, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 1.5, colorScheme: 'light' },
} as const;

const executable = locateChromium(process.env);
if (executable === undefined) throw new Error(`Chromium is not installed. Run \`${installChromium}\`.`);
const served = await servePage(exampleWorld());
const browser = await launch(executable);
try {
  for (const [name, context] of Object.entries(screenshots)) {
    const page = await browser.newPage(context);
    await page.goto(served.url);
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Pending and conflicting' }).waitFor();
    const path = fileURLToPath(new URL(`../../docs/images/page-${name}.png`, import.meta.url));
    await page.screenshot({ path, animations: 'disabled' });
    await page.close();
    process.stdout.write(`${relative(process.cwd(), path)}: ${Math.round(statSync(path).size / 1000)} kB\n`);
  }
} finally {
  await browser.close();
  await served.close();
}
