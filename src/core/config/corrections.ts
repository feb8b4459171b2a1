import { nearest, nearestSpelling } from '../text/suggestions.ts';
import { keyForms, parseKey, startOf } from './keys.ts';
import { poolEntriesIn, readPoolEntry } from './pool-entry.ts';

/** The entry that was probably meant by one that cannot be read: up to a millisecond. */
export function nearestEntry(entry: string): string | undefined {
  return nearestSpelling(entry, (text) =>
    text.split(',').every((part) => readPoolEntry(part.trim()) !== undefined),
  );
}

/** The entries of a pool's value that cannot be read. */
export function unreadableEntries(value: string): string[] {
  return [...poolEntriesIn(value)].filter((entry) => readPoolEntry(entry) === undefined);
}

const plainNames = keyForms.filter(({ scope }) => scope === 'all').map(({ spelling }) => spelling);
const scopedForms = keyForms.filter(({ scope }) => scope !== 'all');
const scopedNames = [...new Set(scopedForms.map(({ spelling }) => spelling))];

/** The key that was probably meant by `CIDR-global`, `cidr_global`, `cird-global`, `cidr`, or `searchorder`. */
export function nearestKey(key: string): string | undefined {
  const plain = key.toLowerCase().replace(/[._\s]+/g, '-');
  if (parseKey(plain) !== undefined) return plain;
  const whole = nearest(plain, plainNames, 3);
  if (whole !== undefined) return whole;
  const unscoped = nearest(plain, scopedNames, 1);
  if (unscoped !== undefined) return keyOf(unscoped, 'global');
  for (let dash = plain.lastIndexOf('-'); dash > 0; dash = plain.lastIndexOf('-', dash - 1)) {
    const name = nearest(plain.slice(0, dash), scopedNames, 2);
    const corrected = name && keyOf(name, plain.slice(dash + 1));
    if (corrected !== undefined) return corrected;
  }
  // `cidrglobal`
  const joined = scopedNames.findLast(
    (name) => plain.startsWith(name) && keyOf(name, plain.slice(name.length)) !== undefined,
  );
  return joined && keyOf(joined, plain.slice(joined.length));
}

/** The key with this name and target, if it is valid. */
function keyOf(name: string, target: string): string | undefined {
  return scopedForms
    .filter(({ spelling }) => spelling === name)
    .map((form) => startOf(form) + target)
    .find((key) => parseKey(key) !== undefined);
}
