import { printable } from '../../core/text/quote.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { OutputOptions } from './command-result.ts';

/** Below every answer: which settings counted, and who is at work. */
export function footnotes({ origin, leadership }: ClusterFacts, { ansi, width }: OutputOptions): string[] {
  const { isLed, sentence = '' } = leadership ?? {};
  // `led by ...` continues a sentence; why nobody leads is one.
  const led = isLed === true ? `Controller ${sentence}.` : `No controller leads: ${sentence}.`;
  const sentences = [origin, ...(leadership === undefined ? [] : [led])];
  return sentences.flatMap((sentence) => wrapWords(printable(sentence), width).map(ansi.dim));
}

/** The same for programs. */
export function sourceOf({ origin, leadership, options }: ClusterFacts): object {
  const { configMap, class: ours, controller } = options;
  return {
    configMap: `${configMap.namespace}/${configMap.name}`,
    class: ours ?? null,
    controller,
    origin,
    ...(leadership === undefined ? {} : { isLed: leadership.isLed, leadership: leadership.sentence }),
  };
}
