import { dnsLabel, isDnsLabel } from './dns-label.ts';
import { EntryProblems } from './entry-problems.ts';
import { listEntriesIn } from './list-entries.ts';
import type { ListType, Reading } from './value-type.ts';

/** Names of pools in order of preference, each once. Names without a pool are among them: `readConfig` reports them. */
export const poolList: ListType<readonly string[]> = {
  description: 'names of pools, separated by commas or newlines',
  valid: ['internal', 'internal, dmz', 'dmz\ninternal,'],
  invalid: {
    'bad-pool-name': ['Internal', 'pool.internal', 'a b', '-a'],
    'listed-twice': ['internal, internal'],
    'no-entry': [' ,', ''],
  },
  admission: {
    isInvalid: `value.findAll('[^,\\n]+').exists(name, name.trim() != '' && !name.trim().matches('^${dnsLabel}$'))`,
    message: 'is not a list of pools. Write the names of pools, separated by commas.',
  },
  *read({ key, text, problems }: Reading): Generator<void, readonly string[]> {
    const names = new Set<string>();
    const entryProblems = new EntryProblems(problems);
    for (const name of listEntriesIn(text)) {
      yield;
      if (!isDnsLabel(name)) entryProblems.add({ code: 'bad-pool-name', key, entry: name });
      else if (names.has(name)) entryProblems.add({ code: 'listed-twice', key, entry: name });
      else names.add(name);
    }
    entryProblems.addCounts(key);
    if (text.replace(/[\s,]/g, '') === '') problems.push({ code: 'no-entry', key });
    return [...names];
  },
};
