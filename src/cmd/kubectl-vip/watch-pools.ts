import { printable } from '../../core/text/quote.ts';
import type { OutputOptions } from './command-result.ts';
import { footnotes } from './footnotes.ts';
import type { IOStreams } from './io-streams.ts';
import { observe } from './observe-cluster.ts';
import type { Invocation } from './plugin-arguments.ts';
import { poolLines, poolsReport } from './pools-command.ts';

/** Changes within this time are drawn together. */
const drawDelayMs = 250;

/** `pools --watch`: redraws the pools after each change, until interrupted. */
export function watchPools(
  invocation: Invocation,
  streams: IOStreams,
  draw: (lines: (output: OutputOptions) => string[]) => void,
): Promise<void> {
  return observe(invocation, streams, async ({ facts, scope, allocator, watchError }) => {
    let cancel: (() => void) | undefined;
    const redraw = (): void => {
      cancel = undefined;
      if (!allocator.isReady) return;
      const report = poolsReport(allocator, facts.options, scope);
      const error = watchError();
      draw((output) => [
        ...poolLines(report, output),
        '',
        // The leader was read once and may have changed.
        ...footnotes({ ...facts, leadership: undefined }, output),
        ...(error === '' ? [] : ['', printable(error)]),
      ]);
    };
    return {
      changed() {
        cancel ??= streams.clock.after(drawDelayMs, redraw);
      },
      // The last view has the last change.
      close() {
        if (cancel === undefined) return;
        cancel();
        redraw();
      },
    };
  });
}
