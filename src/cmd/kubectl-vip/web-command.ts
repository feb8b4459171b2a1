import { errorText } from '../../client/errors.ts';
import { sleep } from '../../client/wait.ts';
import { serveWeb, type WebPage } from '../../web/serve.ts';
import type { PageContext } from '../../web/site.ts';
import { currentAllocator } from './cluster-facts.ts';
import type { IOStreams } from './io-streams.ts';
import { loadCluster } from './load-cluster.ts';
import { observe } from './observe-cluster.ts';
import type { Invocation } from './plugin-arguments.ts';

/** `web`: serves the page on loopback until interrupted. Writes its link to standard output. */
export async function web(
  invocation: Invocation,
  streams: IOStreams,
  writeStdout: (lines: string) => void,
): Promise<void> {
  const { clock, version } = streams;
  const { port } = invocation;
  if (invocation.files.length > 0) {
    const { facts } = await loadCluster(invocation, streams, invocation.files, () => ({}));
    const { options } = facts;
    const allocator = currentAllocator(facts);
    const page = await serve({ allocator, options, clock, version, role: () => 'read-only' }, port);
    writeStdout(announcement(page.url, 'Serving the content of the files, without updates.', facts.origin));
    await interrupted(streams);
    page.close();
    return;
  }
  await observe(invocation, streams, async ({ facts, allocator }) => {
    const { options } = facts;
    const page = await serve({ allocator, options, clock, version, role: () => 'read-only' }, port);
    writeStdout(announcement(page.url, 'Serving the live state of the cluster.', facts.origin));
    return page;
  });
}

async function serve(context: PageContext, port: number): Promise<WebPage> {
  try {
    return await serveWeb(context, port);
  } catch (error) {
    throw new Error(`${errorText(error)}. Choose another --port, or omit it to use a free port.`);
  }
}

/** The link has the first line to itself. */
function announcement(url: string, content: string, origin: string): string {
  return `${url}\n${content} ${origin}\nPress Ctrl+C to stop.`;
}

/** The longest delay of a timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Keeps the process alive: the server alone does not. */
async function interrupted({ clock, signal }: IOStreams): Promise<void> {
  while (!signal.aborted) await sleep(clock, maxTimerMs, signal).catch(() => {});
}
