import type { Check } from '../../core/explain/checks.ts';
import type { AddressState } from '../../core/queries/occupancy.ts';
import type { Role, ServiceItemState } from '../page-data.ts';

/** What the states are called, the sign that tells them without colour, and what they mean. */
export const addressStates: Readonly<Record<AddressState, { sign: string; name: string; meaning: string }>> =
  {
    free: { sign: '', name: 'free', meaning: 'a Service can get it' },
    assigned: { sign: 'H', name: 'assigned', meaning: 'given by a pool' },
    static: { sign: 'S', name: 'static', meaning: 'asked for by name' },
    shared: { sign: '+', name: 'shared', meaning: 'several Services have it, which may' },
    lease: { sign: 'D', name: 'DHCP lease', meaning: 'given by DHCP' },
    conflict: { sign: '!', name: 'conflict', meaning: 'more have it, or ask for it, than may' },
    outside: {
      sign: 'O',
      name: 'outside',
      meaning: 'given by a pool, and no longer in the one of its Service',
    },
    unmanaged: { sign: 'F', name: 'unmanaged', meaning: 'somebody has it who is not served here' },
    excluded: { sign: '–', name: 'excluded', meaning: 'an end of a block, or .0 or .255: never given' },
    'no-pool': { sign: '·', name: 'no pool', meaning: 'no pool spans it' },
  };

export const serviceStates: Readonly<Record<ServiceItemState, { sign: string; name: string }>> = {
  Assigned: { sign: '✓', name: 'Assigned' },
  Assigning: { sign: '…', name: 'Assigning' },
  Pending: { sign: '?', name: 'Pending' },
  Conflict: { sign: '!', name: 'Conflict' },
  Ignored: { sign: 'F', name: 'Ignored' },
};

export const outcomes: Readonly<Record<Check['outcome'], { sign: string; meaning: string }>> = {
  passed: { sign: '✓', meaning: 'passed' },
  failed: { sign: '!', meaning: 'failed' },
  noted: { sign: '–', meaning: 'noted' },
};

export const roles: Readonly<Record<Role, { name: string; meaning: string }>> = {
  leading: { name: 'this replica leads', meaning: 'This replica gives the addresses.' },
  'standing by': {
    name: 'this replica stands by',
    meaning: 'Another replica gives the addresses; this one knows the same.',
  },
  watching: {
    name: 'only looks',
    meaning: 'Shown is what the controller decides on; this program gives no address.',
  },
};

/** `1,234,567`, or `1.84·10¹⁹` where nobody counts the digits. */
export function count(text: string | number): string {
  const digits = String(text);
  if (digits.length <= 9) return Number(digits).toLocaleString('en-US');
  const power = [...String(digits.length - 1)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${digits[0]}.${digits.slice(1, 3)}·10${power}`;
}

export function percent(value: number): string {
  return value > 0 && value < 1 ? '< 1 %' : `${Math.round(value)} %`;
}
