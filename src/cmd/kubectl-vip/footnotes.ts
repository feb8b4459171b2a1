import { printable } from '../../core/text/quote.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { OutputOptions } from './command-result.ts';

/** Printed below every result: the settings that were used, and the leader. */
export function footnotes(
  { origin, leadership }: Pick<ClusterFacts, 'origin'> & Partial<Pick<ClusterFacts, 'leadership'>>,
  { ansi, width }: OutputOptions,
): string[] {
  const sentences = [origin, ...(leadership === undefined ? [] : [leadership.sentence])];
  return sentences.flatMap((sentence) => wrapWords(printable(sentence), width).map(ansi.dim));
}

/** The same for programs. */
export function sourceOf({ origin, leadership, options }: ClusterFacts): object {
  const { configMap, class: loadBalancerClass, controller } = options;
  return {
    configMap: `${configMap.namespace}/${configMap.name}`,
    class: loadBalancerClass ?? null,
    controller,
    origin,
    ...(leadership === undefined ? {} : { isLed: leadership.isLed, leadership: leadership.sentence }),
  };
}
