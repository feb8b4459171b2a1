import { printable } from '../../core/text/quote.ts';
import type { OutputOptions } from './command-result.ts';
import { footnotes } from './footnotes.ts';
import type { IOStreams } from './io-streams.ts';
import { observe } from './observe-cluster.ts';
import type { Invocation } from './plugin-arguments.ts';
import { poolLines, poolsReport } from './pools-command.ts';

/** Drawn so often at the most: a burst of changes is one to the eye. */
const pauseMs = 250;

/** `pools --watch`: shows the pools as they change, until it is interrupted. */
export function watchPools(
  invocation: Invocation,
  streams: IOStreams,
  draw: (lines: (view: OutputOptions) => string[]) => void,
): Promise<void> {
  return observe(invocation, streams, async ({ facts, scope, allocator, failing }) => {
    let cancel: (() => void) | undefined;
    const look = (): void => {
      cancel = undefined;
      if (!allocator.isReady) return;
      const report = poolsReport(allocator, facts.options, scope);
      const trouble = failing();
      draw((view) => [
        ...poolLines(report, view),
        '',
        // Who led at the first look may lead no more.
        ...footnotes({ ...facts, leadership: undefined }, view),
        ...(trouble === '' ? [] : ['', printable(trouble)]),
      ]);
    };
    return {
      changed() {
        cancel ??= streams.clock.after(pauseMs, look);
      },
      close: () => cancel?.(),
    };
  });
}
