import { createObserver } from '../controller/observer.ts';
import { printable } from '../core/quote.ts';
import type { Log } from '../kube/log.ts';
import type { View } from './answer.ts';
import type { Invocation } from './arguments.ts';
import { readCluster } from './cluster.ts';
import { connect } from './connect.ts';
import type { Desk } from './desk.ts';
import { footnotes } from './footnotes.ts';
import { scopeOf } from './gather.ts';
import { poolLines, poolsReport } from './pools.ts';

/** Drawn so often at the most: a burst of changes is one to the eye. */
const pauseMs = 250;

/** Shows the pools as they change, until it is interrupted. Throws a sentence where the cluster cannot be read at all. */
export async function watchPools(
  invocation: Invocation,
  desk: Desk,
  draw: (lines: (view: View) => string[]) => void,
): Promise<void> {
  const { connection, transport, api, close } = await connect(invocation, desk);
  const { clock, random, version, signal, say } = desk;
  try {
    // What is missing is told once, in words; later on it is tried again by itself.
    const facts = await readCluster({ api, flags: invocation.settings, wallMs: clock.wall(), signal }, {});
    for (const remark of facts.remarks) say(remark);
    const scope = scopeOf(invocation, connection.namespace);
    const { options } = facts;
    let failing = '';
    const log: Log = { info() {}, warn: (message) => failed(message), error: (message) => failed(message) };
    const failed = (message: string): void => {
      failing = message;
      show();
    };
    let isDue = false;
    const show = (): void => {
      if (isDue) return;
      isDue = true;
      clock.after(pauseMs, () => {
        isDue = false;
        if (signal.aborted || !observer.allocator.isReady) return;
        const report = poolsReport(observer.allocator, options, scope);
        draw((view) => [
          ...poolLines(report, view),
          '',
          ...footnotes({ ...facts, leadership: undefined }, view),
          ...(failing === '' ? [] : ['', printable(failing)]),
        ]);
      });
    };
    const turned = (): void => {
      failing = '';
      show();
    };
    const observer = createObserver({ transport, options, clock, random, log, version, turned });
    await observer.run(signal);
  } finally {
    close();
  }
}
