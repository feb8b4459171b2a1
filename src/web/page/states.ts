import type { Finding } from '../../core/explain/explain-trace.ts';
import type { AddressState } from '../../core/queries/occupancy.ts';
import type { Role, ServiceItemState } from '../page-data.ts';

/** Name and meaning of each state (docs/page.md), and a sign that identifies it without color. */
export const addressStates: Readonly<Record<AddressState, { sign: string; name: string; meaning: string }>> =
  {
    free: { sign: '', name: 'free', meaning: 'Can be allocated' },
    assigned: { sign: 'A', name: 'assigned', meaning: 'Allocated from a pool' },
    static: { sign: 'S', name: 'static', meaning: 'Requested by name' },
    shared: {
      sign: '+',
      name: 'shared',
      meaning: 'Assigned to several Services that are allowed to share it',
    },
    lease: { sign: 'D', name: 'DHCP lease', meaning: 'Assigned by DHCP' },
    conflict: {
      sign: '!',
      name: 'conflict',
      meaning: 'In use or requested more than once, but cannot be shared',
    },
    outside: {
      sign: 'O',
      name: 'outside',
      meaning: 'Allocated from a pool, but no longer in the pool of its Service',
    },
    unmanaged: { sign: 'U', name: 'unmanaged', meaning: 'In use, but not by a Service of this controller' },
    reserved: { sign: 'R', name: 'reserved', meaning: 'Reserved for a Service that does not have it yet' },
    excluded: {
      sign: '–',
      name: 'excluded',
      meaning: 'Never allocated: excluded by a key, an end of a block, or an address that ends in .0 or .255',
    },
    'no-pool': { sign: '·', name: 'no pool', meaning: 'Not in any pool' },
  };

export const serviceStates: Readonly<Record<ServiceItemState, { sign: string; name: string }>> = {
  Assigned: { sign: '✓', name: 'Assigned' },
  Assigning: { sign: '…', name: 'Assigning' },
  Pending: { sign: '?', name: 'Pending' },
  Conflict: { sign: '!', name: 'Conflict' },
  Ignored: { sign: '–', name: 'Ignored' },
};

export const outcomes: Readonly<Record<Finding['outcome'], { sign: string; meaning: string }>> = {
  passed: { sign: '✓', meaning: 'passed' },
  failed: { sign: '!', meaning: 'failed' },
  noted: { sign: '–', meaning: 'noted' },
};

export const roles: Readonly<Record<Role, { name: string; meaning: string }>> = {
  leader: { name: 'leader replica', meaning: 'This replica allocates addresses.' },
  standby: {
    name: 'standby replica',
    meaning: 'Another replica allocates addresses. This one has the same data.',
  },
  'read-only': {
    name: 'read-only',
    meaning: "This program shows the controller's decisions and does not allocate addresses.",
  },
};

/** `1,234,567`, or `1.84·10¹⁹` for more than nine digits. */
export function count(text: string | number): string {
  const digits = String(text);
  if (digits.length <= 9) return Number(digits).toLocaleString('en-US');
  const power = [...String(digits.length - 1)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${digits[0]}.${digits.slice(1, 3)}·10${power}`;
}

export function percent(value: number): string {
  return value > 0 && value < 1 ? '< 1%' : `${Math.round(value)}%`;
}
