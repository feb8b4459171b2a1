import { errorText } from '../../client/errors.ts';
import { sleep } from '../../client/wait.ts';
import { serveWeb, type WebPage } from '../../web/serve.ts';
import type { Shown } from '../../web/site.ts';
import { presentOf } from './cluster-facts.ts';
import type { IOStreams } from './io-streams.ts';
import { loadCluster } from './load-cluster.ts';
import { observe } from './observe-cluster.ts';
import type { Invocation } from './plugin-arguments.ts';

/** `web`: serves the page on loopback until it is interrupted; `told` gets its link. */
export async function web(
  invocation: Invocation,
  streams: IOStreams,
  told: (lines: string) => void,
): Promise<void> {
  const { clock, version } = streams;
  const { port } = invocation;
  if (invocation.files.length > 0) {
    const { facts } = await loadCluster(invocation, streams, invocation.files, () => ({}));
    const { options } = facts;
    const allocator = presentOf(facts);
    const page = await serve({ allocator, options, clock, version, role: () => 'watching' }, port);
    told(linkTo(page.url, facts.origin, 'as the files say; it does not change'));
    await interrupted(streams);
    page.close();
    return;
  }
  await observe(invocation, streams, async ({ facts, allocator }) => {
    const { options } = facts;
    const page = await serve({ allocator, options, clock, version, role: () => 'watching' }, port);
    told(linkTo(page.url, facts.origin, 'live'));
    return page;
  });
}

async function serve(shown: Shown, port: number): Promise<WebPage> {
  try {
    return await serveWeb(shown, port);
  } catch (error) {
    throw new Error(`${errorText(error)}. Give another --port, or leave it out for a free one.`);
  }
}

function linkTo(url: string, origin: string, how: string): string {
  return `${url}\nAll addresses, ${how}. ${origin}\nCtrl-C ends it.`;
}

/** The most that a timer can wait. */
const longestMs = 2 ** 31 - 1;

/** What listens does not keep a process from ending; this does. */
async function interrupted({ clock, signal }: IOStreams): Promise<void> {
  while (!signal.aborted) await sleep(clock, longestMs, signal).catch(() => {});
}
