import type { Election } from '../client/election.ts';
import type { ElectionOptions } from '../client/election-options.ts';
import type { Controller } from './controller.ts';

/** The result of one check; `problem` is undefined if it passed. */
export interface HealthCheck {
  readonly name: string;
  readonly problem: string | undefined;
}

/** The health endpoints' checks, evaluated on each request. */
export interface Health {
  /** Whether it could allocate as the leader: a standby is ready, too. */
  readonly ready: () => HealthCheck[];
  /**
   * Whether it makes progress. An unreachable API server is no reason to restart, because retries are
   * progress.
   */
  readonly live: () => HealthCheck[];
}

/** Longer than any wait of a watch: a Retry-After of 5 min, or an open connection without data. */
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
        'waiting for the first lists of Services, of the ConfigMap and, with --claims, of IPAddresses',
      ),
    ],
    live: () => {
      const watches = [...controller.idleMs()].map(([name, idleMs]) =>
        check(`watch-${name}`, idleMs < stuckMs, `no activity for ${Math.round(idleMs / 1000)} s`),
      );
      if (election === undefined || options === undefined) return watches;
      // Each attempt is one or two requests with their own deadline, and a delay.
      const maxIdleMs = 2 * options.leaseDurationMs + 10 * options.retryPeriodMs;
      const problem = `no attempt for ${Math.round(election.idleMs / 1000)} s`;
      return [...watches, check('leader-election', election.idleMs < maxIdleMs, problem)];
    },
  };
}

function check(name: string, isHealthy: boolean, problem: string): HealthCheck {
  return { name, problem: isHealthy ? undefined : problem };
}
