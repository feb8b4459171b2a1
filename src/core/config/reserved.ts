import { type Address, isUnspecified, readAddress } from '../ip/address.ts';
import { dnsLabel, isDnsLabel } from './dns-label.ts';
import { EntryProblems } from './entry-problems.ts';
import { listEntriesIn } from './list-entries.ts';
import type { ListType, Reading } from './value-type.ts';

/** An address that only one Service of the namespace gets (spec section 13). */
export interface ReservedAddress {
  /** The name of the Service. */
  readonly service: string;
  readonly address: Address;
}

/** In the order of the text. */
export const reserved: ListType<readonly ReservedAddress[]> = {
  description: '`service=address`, separated by commas or newlines',
  valid: ['web=10.0.0.5', 'web=10.0.0.5, web=2001:db8::5\napi = 10.0.0.6'],
  invalid: {
    'bad-reservation': [
      'web',
      'Web=10.0.0.5',
      'web=10.0.0.300',
      'web=10.0.0.5=10.0.0.6',
      'web=10.0.0.0/30',
      'web=0.0.0.0',
    ],
    'no-entry': ['', ' ,'],
  },
  admission: {
    isInvalid: `value.findAll('[^,\\n]+').exists(entry, entry.trim() != '' && !(entry.split('=').size() == 2 && entry.split('=')[0].trim().matches('^${dnsLabel}$') && isIP(entry.split('=')[1].trim()) && !ip(entry.split('=')[1].trim()).isUnspecified()))`,
    message: 'is not a list of reserved addresses. Write SERVICE=ADDRESS, separated by commas.',
  },
  *read({ key, text, problems }: Reading): Generator<void, readonly ReservedAddress[]> {
    const reserved: ReservedAddress[] = [];
    const entryProblems = new EntryProblems(problems);
    let isEmpty = true;
    for (const entry of listEntriesIn(text)) {
      yield;
      isEmpty = false;
      const one = readReservation(entry);
      if (one === undefined) entryProblems.add({ code: 'bad-reservation', key, entry });
      else reserved.push(one);
    }
    entryProblems.addCounts(key);
    if (isEmpty) problems.push({ code: 'no-entry', key });
    return reserved;
  },
};

/** Whether the entry can be read. */
export function isReservation(entry: string): boolean {
  return readReservation(entry) !== undefined;
}

/** Undefined if it is not `service=address`. As of Kubernetes 1.34, the name of a Service can start with a digit. */
function readReservation(entry: string): ReservedAddress | undefined {
  const [service = '', text = '', ...more] = entry.split('=').map((part) => part.trim());
  const address = readAddress(text);
  const isValid = more.length === 0 && isDnsLabel(service);
  return isValid && address !== undefined && !isUnspecified(address) ? { service, address } : undefined;
}
