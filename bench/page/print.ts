import { locateChromium } from '../../test/web/browser.ts';
import { installChromium } from '../../test/web/chromium.ts';
import { count, median, short, spread, table } from '../figures.ts';
import { PartFailed, runPart } from '../part.ts';
import type { PageFigures } from './page.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function pageFigures(quick: boolean): Promise<PageFigures> {
  const chromium = locateChromium(process.env);
  if (chromium === undefined) throw new PartFailed(`it needs Chromium: ${installChromium}`);
  const rounds = quick ? 3 : 11;
  const counters = await runPart<PageFigures>('./page/page.ts', { chromium, services: 5_000, rounds });
  const { services, looked, views, updated, scrolled, zoomed } = counters;
  const most = (values: readonly number[]): string =>
    `${short(median(values))} (${spread(values, (one) => short(one))})`;
  process.stdout.write(`
page: ${count(services)} Services in a /16, in Chromium; ms, medians of ${rounds} and the spread
  opened     from the link to the drawn map, in a new window
  answered   the server's answer with what is drawn, alone
  longest    task of the browser meanwhile; 0 where none lasted 50 ms

${table(
  ['view', 'opened', 'answered', 'kB', 'longest'],
  views.map((view) => [
    view.name,
    ...[most(view.opened), most(view.answered), short(view.bytes / 1_000), short(view.longest)],
  ]),
)}
${table(
  ['', 'ms'],
  [
    ['the server looks at the whole world', most(looked)],
    ['a Service changes: to the changed cell', most(updated)],
    ['between two frames, scrolling', most(scrolled)],
    ['between two frames, zooming in', most(zoomed)],
  ],
)}`);
  return counters;
}
