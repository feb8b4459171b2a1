import { createApi } from '../client/api.ts';
import { createEventRecorder } from '../client/events.ts';
import type { Transport } from '../client/transport.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import { Interner } from '../core/text/interner.ts';
import { Controller } from './controller.ts';
import { PatchOrUpdate } from './patch-or-update.ts';
import type { ReplicaContext } from './replica.ts';

export interface ObserverContext
  extends Pick<ReplicaContext, 'transport' | 'options' | 'clock' | 'random' | 'log' | 'version'> {
  /** Called after each change of the state. */
  readonly updated: () => void;
}

export interface Observer {
  /** The current state, and the decisions of a leader on it. */
  readonly allocator: Allocator;
  /** Watches until the signal is aborted. Rejects on a bug. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Watches the cluster like a standby that never leads, so that it shows what the leader decides on. It cannot
 * write: its transport only sends GET requests.
 */
export function createObserver(context: ObserverContext): Observer {
  const { clock, random, log, version } = context;
  const client = 'kubectl-vip';
  const transport = readOnly(context.transport);
  const api = createApi(transport, { userAgent: `${client}/${version}`, fieldManager: client, clock });
  const controller = new Controller({
    ...context,
    api,
    sender: new PatchOrUpdate(api, log),
    events: createEventRecorder(api, { component: client, instance: client, clock, random, log }),
    concurrency: 0,
    interner: new Interner(),
  });
  return {
    allocator: controller.allocator,
    async run(signal) {
      controller.follow();
      await controller.run(signal);
    },
  };
}

/** Wraps a transport so that all requests except GET reject and are not sent. */
export function readOnly(transport: Transport): Transport {
  return async (request, signal) => {
    if (request.method !== 'GET') throw new Error(`${request.method} ${request.path}: only GET is allowed`);
    return transport(request, signal);
  };
}
