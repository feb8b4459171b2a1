import { never } from '../text/quote.ts';
import type { ListType, Reading } from './value-type.ts';

/** A label selector: all of its requirements have to be met. */
export type LabelSelector = readonly Requirement[];

/** One requirement (k8s.io/apimachinery/pkg/labels: equality and sets). */
export interface Requirement {
  readonly label: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent';
  readonly values: readonly string[];
}

const name = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const label = `([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${name}`;
const value = `(${name})?`;
const listed = `[(]\\s*${value}\\s*(,\\s*${value}\\s*)*[)]`;
/** In the common syntax of JavaScript and RE2. */
const requirement = `(!\\s*${label}|${label}(\\s*(=|==|!=)\\s*${value}|\\s+(in|notin)\\s*${listed})?)`;

const onlyRequirement = new RegExp(`^${requirement}$`);

/** No Service matches it, as opposed to the empty selector. */
const nothing: LabelSelector = [{ label: '', operator: 'in', values: [] }];

/**
 * Which Services a pool is for. A selector that cannot be read selects nothing: the pool must not be given to Services that
 * are not meant.
 */
export const labelSelector: ListType<LabelSelector> = {
  description: 'a label selector, as for `kubectl get -l`',
  valid: ['tier=edge', 'tier in (edge, dmz),!internal', 'a!=b, example.com/c == d', 'e notin (f,g),h'],
  invalid: { 'bad-selector': ['', ' ', 'tier:edge', 'tier in edge', 'tier in (edge', 'a>5', 'tier=edge,'] },
  admission: {
    isInvalid: `!value.trim().matches(r'^${requirement}(\\s*,\\s*${requirement})*$')`,
    message:
      'is not a label selector. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
  },
  // biome-ignore lint/correctness/useYield: a selector is short
  *read({ key, text, problems }: Reading): Generator<void, LabelSelector> {
    const selector = parseSelector(text);
    if (selector === undefined) problems.push({ code: 'bad-selector', key, value: text, meaning: '' });
    return selector ?? nothing;
  },
};

/** Undefined if it cannot be read. The empty selector, which would match every Service, is not accepted. */
function parseSelector(text: string): LabelSelector | undefined {
  const requirements: Requirement[] = [];
  // Commas between parentheses separate values.
  for (const [part] of text.matchAll(/(?<=^|,)(?:[^,(]|[(][^)]*[)]?)*(?=,|$)/g)) {
    const one = part.trim();
    if (!onlyRequirement.test(one)) return undefined;
    requirements.push(requirementOf(one));
  }
  return requirements.length > 0 ? requirements : undefined;
}

function requirementOf(text: string): Requirement {
  if (text.startsWith('!')) return { label: text.slice(1).trim(), operator: 'absent', values: [] };
  const set = /^(?<label>\S+)\s+(?<operator>in|notin)\s*[(](?<values>.*)[)]$/s.exec(text)?.groups;
  if (set !== undefined) {
    const values = (set.values ?? '').split(',').map((one) => one.trim());
    return { label: set.label ?? '', operator: set.operator === 'in' ? 'in' : 'notin', values };
  }
  const [label = '', value] = text.split(/!=|==?/).map((part) => part.trim());
  if (value === undefined) return { label, operator: 'exists', values: [] };
  return { label, operator: text.includes('!=') ? 'notin' : 'in', values: [value] };
}

/** Whether the labels meet all requirements: O(requirements). */
export function selects(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return unmetBy(selector, labels) === undefined;
}

/** The first requirement that the labels do not meet. */
export function unmetBy(
  selector: LabelSelector,
  labels: ReadonlyMap<string, string>,
): Requirement | undefined {
  return selector.find((requirement) => !meets(requirement, labels.get(requirement.label)));
}

/** `notin` is also met by a label that is missing. */
function meets({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    default:
      return never(operator);
  }
}
