import type { ElectionOptions } from '../../client/election-options.ts';
import { quoted } from '../../core/text/quote.ts';
import { isName } from '../../schema/names.ts';
import type { FlagValues } from './flag-values.ts';

/** client-go's JitterFactor: how much later than its period a renewal may come. */
const jitter = 1.2;

/** Node's timers wait no longer. */
const longestMs = 2 ** 31 - 1;

const duration = 'leader-elect-lease-duration';
const deadline = 'leader-elect-renew-deadline';
const period = 'leader-elect-retry-period';

/** The --leader-elect flags, under the conditions that client-go sets; undefined: there is no election. */
export function electionOptions(
  flags: FlagValues,
  controller: string,
  notes: string[],
): ElectionOptions | undefined {
  const namespace = flags.text('leader-elect-resource-namespace') ?? '';
  if (!isName(namespace, 'dns-label')) {
    flags.errors.push(
      `--leader-elect-resource-namespace is ${quoted(namespace)}, which cannot be a namespace. Write one like kube-system.`,
    );
  }
  const leaseMs = flags.durationMs(duration);
  const renewDeadlineMs = flags.durationMs(deadline);
  const retryPeriodMs = flags.durationMs(period);
  if (!flags.isOn('leader-elect')) return undefined;

  checkLock(flags);
  // A Lease says in whole seconds how long it lasts, so for the others a fraction does not exist.
  const leaseDurationMs = Math.floor(leaseMs / 1000) * 1000;
  checkTimes(flags, { leaseDurationMs, renewDeadlineMs, retryPeriodMs });
  if (leaseDurationMs < leaseMs) {
    notes.push(
      `--${duration}=${flags.text(duration)} counts as ${leaseDurationMs / 1000}s, since a Lease holds whole seconds.`,
    );
  }
  return { lease: { namespace, name: controller }, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
}

function checkLock(flags: FlagValues): void {
  const lock = flags.text('leader-elect-resource-lock') ?? '';
  if (lock === 'leases') return;
  const isOld = /^(?:endpoints|configmaps)(?:leases)?$/.test(lock);
  const why = isOld ? 'which Kubernetes gave up' : 'which is no kind of lock';
  flags.errors.push(
    `--leader-elect-resource-lock is ${quoted(lock)}, ${why}. Write leases, or leave the flag out.`,
  );
}

function checkTimes(flags: FlagValues, times: Omit<ElectionOptions, 'lease'>): void {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = times;
  const wrong = (what: string, advice: string): void => {
    flags.errors.push(`${what}. ${advice}.`);
  };
  if (leaseDurationMs < 1000) {
    wrong(`${flags.shown(duration)} is too short for a Lease, which holds whole seconds`, 'Write 1s or more');
  } else if (leaseDurationMs > longestMs) {
    wrong(`${flags.shown(duration)} is too long`, 'Write 596h or less');
  } else if (renewDeadlineMs >= leaseDurationMs) {
    wrong(
      `${flags.shown(deadline)} is not less than the whole seconds of ${flags.shown(duration)}`,
      'Shorten the deadline or lengthen the duration: a holder that cannot renew must stop before the Lease is free',
    );
  }
  if (retryPeriodMs <= 0) {
    wrong(`${flags.shown(period)} is not above zero`, 'Write 2s, for example');
  } else if (renewDeadlineMs <= jitter * retryPeriodMs) {
    wrong(
      `${flags.shown(period)} is too long for ${flags.shown(deadline)}`,
      `Shorten the period or lengthen the deadline: it must be more than ${jitter} times the period`,
    );
  }
}
