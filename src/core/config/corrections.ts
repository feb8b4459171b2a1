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

/** The key that was probably meant by `CIDR-global`, `cidr_global`, `cird-global`, `cidr`, `exclud.dmz`, or `searchorder`. */
export function nearestKey(key: string): string | undefined {
  const lower = key.toLowerCase();
  if (parseKey(lower) !== undefined) return lower;
  const dot = lower.indexOf('.');
  // A name with a dot is that of a pool, unless only a namespace can be meant.
  const target = lower.slice(dot + 1).replace(/[._\s]+/g, '-');
  const pooled = dot < 0 ? undefined : scopedKey(lower.slice(0, dot), target, '.');
  if (pooled !== undefined) return pooled;
  const plain = lower.replace(/[._\s]+/g, '-');
  if (parseKey(plain) !== undefined) return plain;
  const whole = nearest(plain, plainNames, 3);
  if (whole !== undefined) return whole;
  const unscoped = nearest(plain, scopedNames, 1);
  if (unscoped !== undefined) return keyOf(unscoped, 'global', '-');
  for (let dash = plain.lastIndexOf('-'); dash > 0; dash = plain.lastIndexOf('-', dash - 1)) {
    const corrected = scopedKey(plain.slice(0, dash), plain.slice(dash + 1), '-');
    if (corrected !== undefined) return corrected;
  }
  // `cidrglobal`
  const joined = scopedNames.findLast(
    (name) => plain.startsWith(name) && keyOf(name, plain.slice(name.length), '-') !== undefined,
  );
  return joined && keyOf(joined, plain.slice(joined.length), '-');
}

/** The key whose name is the nearest, of those that can have the target after this separator rather than after the other one. */
function scopedKey(name: string, target: string, separator: string): string | undefined {
  if (scopedNames.includes(name)) return keyOf(name, target, separator);
  const there = scopedNames.filter((one) => keyOf(one, target, separator)?.startsWith(one + separator));
  const near = nearest(name, there, 2) ?? nearest(name, scopedNames, 2);
  return near && keyOf(near, target, separator);
}

/** The key with this name and target, if it is valid: after this separator, otherwise after another one. */
function keyOf(name: string, target: string, separator: string): string | undefined {
  const keys = scopedForms
    .filter(({ spelling }) => spelling === name)
    .map((form) => startOf(form) + target)
    .filter((key) => parseKey(key) !== undefined);
  return keys.find((key) => key.startsWith(name + separator)) ?? keys[0];
}
