import type { Options } from '../core/options.ts';
import { createApi } from '../kube/api.ts';
import { createEventRecorder } from '../kube/events.ts';
import type { Log } from '../kube/log.ts';
import type { Clock, Random, Transport } from '../kube/transport.ts';
import { Controller } from './controller.ts';

export interface SessionContext {
  readonly transport: Transport;
  readonly options: Options;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
  /** Which of several replicas: the host's name. */
  readonly instance: string;
  readonly turned?: () => void;
}

/** The name under which this program writes: in managedFields, in Events, as the user agent. */
const component = 'kube-vip-cloud-provider';

export interface Session {
  readonly controller: Controller;
  /** Events that are still to be written. */
  readonly pendingEvents: () => number;
  /** Works until the signal is aborted, then ends what is under way. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** A controller and its client on one connection; nothing is sent before `run`. */
export function createSession(context: SessionContext): Session {
  const { transport, clock, random, log, version, instance } = context;
  const userAgent = `${component}/${version}`;
  const api = createApi(transport, { userAgent, fieldManager: component, clock });
  const events = createEventRecorder(api, { component, instance, clock, random, log });
  const controller = new Controller({ ...context, api, events });
  return {
    controller,
    pendingEvents: () => events.pending(),
    async run(signal) {
      try {
        await controller.run(signal);
      } finally {
        events.close();
      }
    },
  };
}
