import { isDnsLabel, nearest, nearestSpelling } from '../text/suggestions.ts';
import { plainKeys, scopedKeys, splitKey } from './config.ts';
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

/** The key that was probably meant by `CIDR-global`, `cidr_global`, `cird-global`, `cidr`, or `searchorder`. */
export function nearestKey(key: string): string | undefined {
  const plain = key.toLowerCase().replace(/[._\s]+/g, '-');
  if (splitKey(plain) !== undefined) return plain;
  const whole = nearest(plain, plainKeys, 3);
  if (whole !== undefined) return whole;
  const unscoped = nearest(plain, scopedKeys, 1);
  if (unscoped !== undefined) return `${unscoped}-global`;
  for (let dash = plain.lastIndexOf('-'); dash > 0; dash = plain.lastIndexOf('-', dash - 1)) {
    const prefix = nearest(plain.slice(0, dash), scopedKeys, 2);
    const scope = plain.slice(dash + 1);
    if (prefix !== undefined && isDnsLabel(scope)) return `${prefix}-${scope}`;
  }
  // `cidrglobal`
  const joined = scopedKeys.findLast(
    (prefix) => plain.startsWith(prefix) && isDnsLabel(plain.slice(prefix.length)),
  );
  return joined && `${joined}-${plain.slice(joined.length)}`;
}
