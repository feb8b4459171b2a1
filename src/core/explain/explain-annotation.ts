import {
  type AnnotationFault,
  type AnnotationPurpose,
  annotationFault,
  type UnreadAnnotation,
} from '../model/known-annotations.ts';
import { annotations } from '../model/well-known-names.ts';
import { never } from '../text/quote.ts';
import { annotate } from './kubectl-commands.ts';
import type { Remedy } from './remedy.ts';

/** The sentences about annotations that neither this program nor kube-vip reads. */

/** `Annotation kube-vip.io/loadbalancerIP: ...`. */
export function explainAnnotation({ name }: Pick<UnreadAnnotation, 'name'>): string {
  const fault = annotationFault(name);
  return fault === undefined ? '' : `Annotation ${name}: ${annotationSentence(fault)}`;
}

/** What is wrong, and what to do: a clause and a sentence. */
export function annotationSentence(fault: AnnotationFault): string {
  const nothing = 'neither this controller nor kube-vip reads an annotation of this name.';
  switch (fault.code) {
    case 'misspelled':
      return `${nothing} Write ${fault.meant}.`;
    case 'unknown':
      return [nothing, ...insteadOf(fault.purpose)].join(' ');
    case 'foreign':
      return [`${nothing} It belongs to ${fault.program}.`, ...insteadOf(fault.purpose)].join(' ');
    default:
      return never(fault);
  }
}

function insteadOf(purpose: AnnotationPurpose): string[] {
  switch (purpose) {
    case 'addresses':
      return [`To request an address, write ${annotations.addresses}.`];
    case 'pool':
      return ['The pool of a Service is that of its namespace.'];
    case 'sharing':
      return ['To allow sharing, set allow-share-<namespace> in the ConfigMap with the pools.'];
    case 'other':
      return [];
    default:
      return never(purpose);
  }
}

/** Whether something was probably meant that has no effect. */
export function isMistake({ name }: Pick<UnreadAnnotation, 'name'>): boolean {
  return annotationFault(name)?.code === 'misspelled';
}

interface NamespacedName {
  readonly name: string;
  readonly namespace: string;
}

/** The corrections of misspelled names. */
export function remediesForAnnotations(
  service: NamespacedName,
  unread: readonly UnreadAnnotation[] = [],
): Remedy[] {
  return unread.flatMap(({ name, value }) => {
    const fault = annotationFault(name);
    if (fault?.code !== 'misspelled') return [];
    // Both are a user's text: only what needs no quotes in a shell is repeated.
    const isPlain = [name, value].every((text) => /^[\w.:,/-]+$/.test(text));
    return {
      advice: `Rename the annotation ${name} to ${fault.meant}.`,
      command: isPlain ? annotate(service, `${fault.meant}=${value} ${name}-`) : undefined,
    };
  });
}
