import { badRequest } from './status.ts';

export type Fields = Readonly<Record<string, string>>;
/** True if it selects the labels or the selectable fields. */
export type Selector = (set: Fields) => boolean;

const everything: Selector = () => true;

function every(selectors: readonly Selector[]): Selector {
  return selectors.length === 0 ? everything : (set) => selectors.every((selector) => selector(set));
}

/** `a=b,c!=d`: apimachinery's pkg/fields/selector.go. `supported` are the fields of the resource. */
export function fieldSelector(text: string, supported: readonly string[]): Selector {
  const terms = text.split(',').filter((term) => term !== '');
  return every(
    terms.map((term) => {
      const [, field = '', operator, value = ''] = /^([^!=]*)(!=|==|=)(.*)$/.exec(term) ?? [];
      if (operator === undefined) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
      if (!supported.includes(field)) throw badRequest(`field label not supported: ${field}`);
      const equal = operator !== '!=';
      return (set) => ((set[field] ?? '') === value) === equal;
    }),
  );
}

const name = '([A-Za-z0-9][-A-Za-z0-9_./]*)';
const forms: readonly [RegExp, (key: string, values: string) => Selector][] = [
  [
    new RegExp(`^${name}\\s*(?:=|==)\\s*([-A-Za-z0-9_.]*)$`),
    (key, value) => (set) => Object.hasOwn(set, key) && set[key] === value,
  ],
  [new RegExp(`^${name}\\s*!=\\s*([-A-Za-z0-9_.]*)$`), (key, value) => (set) => set[key] !== value],
  [
    new RegExp(`^${name}\\s+in\\s*\\(([^()]*)\\)$`),
    (key, values) => (set) => Object.hasOwn(set, key) && listed(values).includes(set[key] ?? ''),
  ],
  // Like !=, notin also selects a set without the key.
  [
    new RegExp(`^${name}\\s+notin\\s*\\(([^()]*)\\)$`),
    (key, values) => (set) => !Object.hasOwn(set, key) || !listed(values).includes(set[key] ?? ''),
  ],
  [new RegExp(`^${name}$`), (key) => (set) => Object.hasOwn(set, key)],
  [new RegExp(`^!\\s*${name}$`), (key) => (set) => !Object.hasOwn(set, key)],
];

/** `a=b,c!=d,e,!f,g in (h,i),j notin (k)`: apimachinery's pkg/labels/selector.go. */
export function labelSelector(text: string): Selector {
  if (text.trim() === '') return everything;
  // A comma inside parentheses belongs to its term.
  return every(text.split(/,(?![^()]*\))/).map(labelTerm));
}

function labelTerm(text: string): Selector {
  const term = text.trim();
  for (const [form, build] of forms) {
    const match = form.exec(term);
    if (match) return build(match[1] ?? '', match[2] ?? '');
  }
  throw badRequest(`unable to parse requirement: '${term}'`);
}

function listed(values: string): string[] {
  return values.split(',').map((value) => value.trim());
}
