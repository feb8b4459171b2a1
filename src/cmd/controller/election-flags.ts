import type { ElectionOptions } from '../../client/election-options.ts';
import { quoted } from '../../core/text/quote.ts';
import { isName } from '../../schema/names.ts';
import type { FlagValues } from './flag-values.ts';

/** JitterFactor of client-go: the next renewal may come up to this many retry periods later. */
const jitter = 1.2;

/** The longest delay of a timer in Node. */
const maxDelayMs = 2 ** 31 - 1;

const duration = 'leader-elect-lease-duration';
const deadline = 'leader-elect-renew-deadline';
const period = 'leader-elect-retry-period';

/** Reads the --leader-elect flags, with the constraints of client-go. Undefined: leader election is off. */
export function electionOptions(
  flags: FlagValues,
  controller: string,
  warnings: string[],
): ElectionOptions | undefined {
  const namespace = flags.text('leader-elect-resource-namespace') ?? '';
  if (!isName(namespace, 'dns-label')) {
    flags.errors.push(
      `--leader-elect-resource-namespace=${quoted(namespace)} is not a valid namespace. Use a namespace such as kube-system.`,
    );
  }
  const leaseMs = flags.durationMs(duration);
  const renewDeadlineMs = flags.durationMs(deadline);
  const retryPeriodMs = flags.durationMs(period);
  if (!flags.isOn('leader-elect')) return undefined;

  checkLock(flags);
  // A Lease stores its duration in whole seconds, so other replicas don't see a fraction.
  const leaseDurationMs = Math.floor(leaseMs / 1000) * 1000;
  checkTimes(flags, { leaseDurationMs, renewDeadlineMs, retryPeriodMs });
  if (leaseDurationMs < leaseMs) {
    warnings.push(
      `--${duration}=${flags.text(duration)} is rounded down to ${leaseDurationMs / 1000}s, because a Lease stores whole seconds.`,
    );
  }
  return { lease: { namespace, name: controller }, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
}

function checkLock(flags: FlagValues): void {
  const lock = flags.text('leader-elect-resource-lock') ?? '';
  if (lock === 'leases') return;
  const isRemoved = /^(?:endpoints|configmaps)(?:leases)?$/.test(lock);
  const problem = isRemoved
    ? 'is a lock type that Kubernetes no longer supports'
    : 'is not a valid lock type';
  flags.errors.push(`--leader-elect-resource-lock=${quoted(lock)} ${problem}. Use leases, or omit the flag.`);
}

function checkTimes(flags: FlagValues, times: Omit<ElectionOptions, 'lease'>): void {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = times;
  const report = (problem: string, advice: string): void => {
    flags.errors.push(`${problem}. ${advice}.`);
  };
  if (leaseDurationMs < 1000) {
    report(
      `${flags.setting(duration)} is too short for a Lease, which stores whole seconds`,
      'Use 1s or more',
    );
  } else if (leaseDurationMs > maxDelayMs) {
    report(`${flags.setting(duration)} is too long`, 'Use 596h or less');
  } else if (renewDeadlineMs >= leaseDurationMs) {
    report(
      `${flags.setting(deadline)} must be less than ${flags.setting(duration)} in whole seconds`,
      'Shorten the deadline or lengthen the duration: a leader that cannot renew must stop before the Lease expires',
    );
  }
  if (retryPeriodMs <= 0) {
    report(`${flags.setting(period)} must be greater than zero`, 'Use 2s, for example');
  } else if (renewDeadlineMs <= jitter * retryPeriodMs) {
    report(
      `${flags.setting(period)} is too long for ${flags.setting(deadline)}`,
      `Shorten the period or lengthen the deadline: the deadline must be more than ${jitter} times the period`,
    );
  }
}
