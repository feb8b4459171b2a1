import { createApi } from '../client/api.ts';
import { ConnectionHealth } from '../client/connection-health.ts';
import { Election, unlimitedLeadership } from '../client/election.ts';
import type { ElectionOptions } from '../client/election-options.ts';
import { createEventRecorder } from '../client/events.ts';
import type { Log } from '../client/log.ts';
import { metered, Requests } from '../client/metered-transport.ts';
import { limitRate, type RateLimit } from '../client/rate-limit.ts';
import type { Clock, Connections, Random, Transport } from '../client/transport.ts';
import type { Options } from '../core/model/options.ts';
import { ownManager } from '../core/model/well-known-names.ts';
import { Interner } from '../core/text/interner.ts';
import { Controller } from './controller.ts';
import { type Health, healthOf } from './health.ts';
import { readMetrics } from './metrics.ts';
import { PatchOrUpdate } from './patch-or-update.ts';

export interface ReplicaContext {
  readonly transport: Transport;
  /** The connections below the transport, if it has any. */
  readonly connections?: Connections;
  readonly options: Options;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
  /** The name of this replica: the hostname. */
  readonly instance: string;
  readonly updated?: () => void;
  /** The maximum number of concurrent PATCHes. */
  readonly concurrency: number;
  /** Whether the leader keeps the state of the pools in a ConfigMap beside theirs. */
  readonly publishStatus?: boolean;
  /** undefined: no limit. */
  readonly rateLimit: RateLimit | undefined;
  /** undefined: without leader election. */
  readonly election: Candidacy | undefined;
}

export interface Candidacy {
  readonly options: ElectionOptions;
  /** The name of the candidate: unique among all candidates, including earlier processes. */
  readonly identity: string;
}

/** The default maximum of concurrent PATCHes: enough to use an API server well without overloading it. */
export const defaultConcurrency = 16;

export interface Replica {
  readonly controller: Controller;
  /** The number of events that are not written yet. */
  readonly pendingEvents: () => number;
  readonly health: Health;
  /** The current metrics in the Prometheus text format. */
  readonly metrics: () => string;
  /** Runs until the signal is aborted, then waits for in-flight writes and releases the Lease. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** A controller and its client on one transport; nothing is sent before `run`. */
export function createReplica(context: ReplicaContext): Replica {
  const { clock, random, log, version, instance, rateLimit } = context;
  const requests = new Requests();
  const userAgent = `${ownManager}/${version}`;
  const connectionHealth = new ConnectionHealth({
    transport: metered(context.transport, requests, clock),
    connections: context.connections,
    ...{ clock, log, userAgent },
  });
  const { transport, onRecovered } = connectionHealth;
  const client = { userAgent, fieldManager: ownManager, clock };
  const api = createApi(
    transport,
    rateLimit === undefined ? client : { ...client, admit: limitRate(rateLimit, clock) },
  );
  const isBusy = (): boolean => controller.isBusy;
  const events = createEventRecorder(api, { component: ownManager, instance, clock, random, log, isBusy });
  const sender = new PatchOrUpdate(api, log);
  const updated = (): void => {
    events.wake();
    context.updated?.();
  };
  const lease = context.election?.options.lease;
  const controller: Controller = new Controller({
    ...context,
    api,
    sender,
    events,
    updated,
    interner: new Interner(),
    lease: lease && `${lease.namespace}/${lease.name}`,
    onRecovered,
  });
  const election =
    context.election === undefined
      ? undefined
      : // Not rate-limited: queued requests must not delay the renewal of the Lease.
        new Election({ ...context, ...context.election, api: createApi(transport, client), onRecovered });
  return {
    controller,
    pendingEvents: () => events.pending(),
    health: healthOf(controller, election, context.election?.options),
    metrics: () => readMetrics({ controller, requests, events, lease: lease?.name, election }),
    async run(signal) {
      const electionStop = new AbortController();
      const electionEnd = election?.run(controller, electionStop.signal);
      if (election === undefined) controller.lead(unlimitedLeadership());
      let canRelease = false;
      try {
        // The Lease is renewed until the last write has ended.
        canRelease = await controller.run(signal);
      } finally {
        events.close();
        electionStop.abort(new Error('the controller stops'));
        await electionEnd;
        connectionHealth.close();
      }
      if (canRelease) await election?.release();
    },
  };
}
