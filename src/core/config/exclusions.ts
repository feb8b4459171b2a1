import { type Range, RangeSet } from '../ip/range.ts';
import { EntryProblems } from './entry-problems.ts';
import { poolEntriesIn, readPoolEntry } from './pool-entry.ts';
import type { ListType, Reading } from './value-type.ts';

/** Addresses that are not allocated, sorted and merged. Blocks count with both ends, unlike those of a pool. */
export const exclusions: ListType<readonly Range[]> = {
  description: 'the same entries as those of a pool',
  valid: ['10.0.0.1', '10.0.0.1-10.0.0.20, 10.0.0.64/28', '2001:db8::/120'],
  invalid: {
    'bad-entry': ['10.0.0.300', '10.0.0.9-10.0.0.1'],
    'host-bits': ['10.0.0.5/24'],
    'no-entry': [' ,'],
  },
  admission: 'entries',
  *read({ key, text, problems }: Reading): Generator<void, readonly Range[]> {
    const excluded = new RangeSet();
    const entryProblems = new EntryProblems(problems);
    let isEmpty = true;
    for (const one of poolEntriesIn(text)) {
      yield;
      isEmpty = false;
      const entry = readPoolEntry(one);
      if (entry === undefined) {
        entryProblems.add({ code: 'bad-entry', key, entry: one });
        continue;
      }
      const { range } = entry;
      if (entry.hostBits) entryProblems.add({ code: 'host-bits', key, entry: one, range, used: range });
      excluded.add(range);
    }
    entryProblems.addCounts(key);
    if (isEmpty) problems.push({ code: 'no-entry', key });
    return [...excluded];
  },
};
