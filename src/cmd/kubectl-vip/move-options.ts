import { quoted } from '../../core/text/quote.ts';
import { parseDuration } from '../flags/duration.ts';
import type { PluginFlag } from './plugin-flag.ts';

/** What has to be seen before the next batch begins. */
export type WaitFor = 'announced' | 'assigned' | 'none';

/** How `move` and `drain` move Services. */
export interface MoveOptions {
  /** The pool or the addresses to move to; undefined: any pool of the Service. */
  readonly to: string | undefined;
  readonly keepsHost: boolean;
  /** How many Services are moved at a time. */
  readonly batch: number;
  readonly wait: WaitFor;
  /** Between two batches. */
  readonly pauseMs: number;
  /** How long a batch may take; infinite without a limit. */
  readonly timeoutMs: number;
  /** Whether the addresses are first excluded from automatic allocation. */
  readonly excludes: boolean;
  readonly isDryRun: boolean;
}

const waits: readonly WaitFor[] = ['announced', 'assigned', 'none'];

const waitFlag: PluginFlag = {
  type: 'string',
  wants: 'a state',
  help: 'Wait until the new address is announced (in the status) or assigned, or none [announced]',
};
const timeoutFlag: PluginFlag = {
  type: 'string',
  wants: 'a duration',
  help: 'Stop if a batch takes longer; 0 for no limit [5m]',
};
const dryRunFlag: PluginFlag = {
  type: 'string',
  wants: 'client',
  help: 'With client: only print what would be moved, and where',
};

export const moveFlags: Readonly<Record<string, PluginFlag>> = {
  to: {
    type: 'string',
    wants: 'an address',
    help: 'Move to this address or pool [the pools of the Service]',
  },
  wait: waitFlag,
  timeout: timeoutFlag,
  'dry-run': dryRunFlag,
};

export const drainFlags: Readonly<Record<string, PluginFlag>> = {
  to: { type: 'string', wants: 'a pool', help: "Move to this pool [each Service's pools]" },
  'keep-host': { type: 'boolean', help: 'Keep the host part of each address in the new block' },
  batch: { type: 'string', wants: 'a number', help: 'Move this many Services at a time [1]' },
  wait: waitFlag,
  pause: { type: 'string', wants: 'a duration', help: 'Pause between batches [5s]' },
  timeout: timeoutFlag,
  exclude: {
    type: 'boolean',
    help: 'First exclude the addresses from automatic allocation, in the ConfigMap',
  },
  'dry-run': dryRunFlag,
};

/** Reads these flags, or returns a message for the first invalid one. */
export function moveOptions(values: ReadonlyMap<string, string>): MoveOptions | { readonly message: string } {
  const batch = values.get('batch') ?? '1';
  if (!/^[1-9]\d{0,5}$/.test(batch))
    return { message: `--batch must be a number from 1, not ${quoted(batch)}.` };
  const waitText = values.get('wait') ?? 'announced';
  const wait = waits.find((one) => one === waitText);
  if (wait === undefined)
    return { message: `--wait must be announced, assigned or none, not ${quoted(waitText)}.` };
  const dryRun = values.get('dry-run') ?? 'none';
  if (dryRun !== 'client' && dryRun !== 'none')
    return { message: `--dry-run must be client or none, not ${quoted(dryRun)}.` };
  const pauseMs = durationOf(values, 'pause', '5s');
  if (typeof pauseMs !== 'number') return pauseMs;
  const timeoutMs = durationOf(values, 'timeout', '5m');
  if (typeof timeoutMs !== 'number') return timeoutMs;
  return {
    to: values.get('to'),
    keepsHost: values.get('keep-host') === 'true',
    batch: Number(batch),
    wait,
    pauseMs,
    timeoutMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs,
    excludes: values.get('exclude') === 'true',
    isDryRun: dryRun === 'client',
  };
}

function durationOf(
  values: ReadonlyMap<string, string>,
  flag: string,
  usual: string,
): number | { readonly message: string } {
  const text = values.get(flag) ?? usual;
  const ms = parseDuration(text);
  return ms === undefined || ms < 0
    ? { message: `--${flag} must be a duration such as ${usual}, not ${quoted(text)}.` }
    : ms;
}
