import { createApi } from '../client/api.ts';
import { Election, unlimitedLeadership } from '../client/election.ts';
import type { ElectionOptions } from '../client/election-options.ts';
import { createEventRecorder } from '../client/events.ts';
import type { Log } from '../client/log.ts';
import { metered, Requests } from '../client/metered-transport.ts';
import { limitRate, type RateLimit } from '../client/rate-limit.ts';
import type { Clock, Random, Transport } from '../client/transport.ts';
import type { Options } from '../core/model/options.ts';
import { ownManager } from '../core/model/well-known-names.ts';
import { Interner } from '../core/text/interner.ts';
import { Controller } from './controller.ts';
import { type Health, healthOf } from './health.ts';
import { readMetrics } from './metrics.ts';
import { PatchOrUpdate } from './patch-or-update.ts';

export interface ReplicaContext {
  readonly transport: Transport;
  readonly options: Options;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
  /** Which of several replicas: the host's name. */
  readonly instance: string;
  readonly updated?: () => void;
  /** PATCHes that are sent at once. */
  readonly concurrency: number;
  /** undefined: as fast as the API server takes them. */
  readonly rateLimit: RateLimit | undefined;
  /** undefined: it is the only one there is. */
  readonly election: Candidacy | undefined;
}

export interface Candidacy {
  readonly options: ElectionOptions;
  /** Who stands for election: unique among all candidates, also those before a restart. */
  readonly identity: string;
}

/** PATCHes that are sent at once: enough to keep an API server busy, few enough to be no burden on it. */
export const defaultConcurrency = 16;

export interface Replica {
  readonly controller: Controller;
  /** Events that are still to be written. */
  readonly pendingEvents: () => number;
  readonly health: Health;
  /** In the text format of Prometheus, as they are now. */
  readonly metrics: () => string;
  /** Works until the signal is aborted, then ends what is under way and gives the Lease back. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** A controller and its client on one connection; nothing is sent before `run`. */
export function createReplica(context: ReplicaContext): Replica {
  const { clock, random, log, version, instance, rateLimit } = context;
  const requests = new Requests();
  const transport = metered(context.transport, requests, clock);
  const client = { userAgent: `${ownManager}/${version}`, fieldManager: ownManager, clock };
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
  const controller: Controller = new Controller({
    ...context,
    api,
    sender,
    events,
    updated,
    interner: new Interner(),
  });
  const election =
    context.election === undefined
      ? undefined
      : // Not through the limit: a queue of other requests must not cost the Lease.
        new Election({ ...context, ...context.election, api: createApi(transport, client) });
  return {
    controller,
    pendingEvents: () => events.pending(),
    health: healthOf(controller, election, context.election?.options),
    metrics: () => readMetrics({ controller, requests, events, lease: context.election?.options.lease.name }),
    async run(signal) {
      const retiring = new AbortController();
      const state = election?.run(controller, retiring.signal);
      if (election === undefined) controller.lead(unlimitedLeadership());
      let isCertain = false;
      try {
        // The Lease is renewed until the last write has ended.
        isCertain = await controller.run(signal);
      } finally {
        events.close();
        retiring.abort(new Error('the controller stops'));
        await state;
      }
      if (isCertain) await election?.release();
    },
  };
}
