import type { Election } from '../client/election.ts';
import type { ElectionOptions } from '../client/election-options.ts';
import type { Controller } from './controller.ts';

/** One thing that was looked at; `trouble` says what is wrong with it. */
export interface HealthCheck {
  readonly name: string;
  readonly problem: string | undefined;
}

/** The truth for a kubelet. Looked at when asked, never a memory of it. */
export interface Health {
  /** Whether it could allocate if it were the leader: a standby is ready, too. */
  readonly ready: () => HealthCheck[];
  /** Whether it does anything at all. An API server that is away is no reason to restart: trying again is moving. */
  readonly live: () => HealthCheck[];
}

/** Longer than anything a watch waits for: 5 min that a server asked for, and an open connection without a byte. */
const stuckMs = 8 * 60_000;

export function healthOf(
  controller: Controller,
  election: Election | undefined,
  options: ElectionOptions | undefined,
): Health {
  return {
    ready: () => [
      check(
        'lists',
        controller.isReady,
        'the lists of Services, of the ConfigMap and, with --claims, of IPAddresses are not all read yet',
      ),
    ],
    live: () => {
      const watches = [...controller.idleMs()].map(([name, idleMs]) =>
        check(`watch-${name}`, idleMs < stuckMs, `nothing has moved for ${Math.round(idleMs / 1000)} s`),
      );
      if (election === undefined || options === undefined) return watches;
      // Each attempt is one or two requests with a deadline of their own, and a pause.
      const mostMs = 2 * options.leaseDurationMs + 10 * options.retryPeriodMs;
      const said = `no attempt for ${Math.round(election.idleMs / 1000)} s`;
      return [...watches, check('leader-election', election.idleMs < mostMs, said)];
    },
  };
}

function check(name: string, isWell: boolean, trouble: string): HealthCheck {
  return { name, problem: isWell ? undefined : trouble };
}
