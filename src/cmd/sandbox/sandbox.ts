import { systemClock } from '../../client/clock.ts';
import { createNodeTransport } from '../../client/http/node-transport.ts';
import type { Log } from '../../client/log.ts';
import { createReplica, defaultConcurrency } from '../../controller/replica.ts';
import type { Allocator } from '../../core/decide/allocator.ts';
import type { KubeObject, Service } from '../../core/model/objects.ts';
import type { Options } from '../../core/model/options.ts';
import { type Report, reportOf } from '../../core/queries/report.ts';
import { createEmbeddedApi } from '../../embedded/embedded-api.ts';
import { serve } from '../../embedded/server.ts';

/** An embedded API with some objects, and the real controller connected to it over HTTP. */
export interface Sandbox {
  /** The URL of the API. Clients may change objects while the controller runs. */
  readonly url: string;
  /** The allocator of the controller. */
  readonly allocator: Allocator;
  report(): Report;
  /** The Services in the API. */
  services(): readonly Service[];
  /** Resolves when the controller has processed all Services and is idle. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface SandboxContext {
  readonly objects: readonly KubeObject[];
  readonly options: Options;
  readonly log: Log;
  readonly version: string;
  /** Called after each update of the controller. */
  readonly onUpdate: () => void;
  /** Called for each object that Kubernetes would reject. The sandbox omits it. */
  readonly onRejected: (object: KubeObject, message: string) => void;
}

export async function createSandbox(context: SandboxContext): Promise<Sandbox> {
  const { objects, options, log, version } = context;
  const clock = systemClock;
  const random = Math.random;
  const embedded = createEmbeddedApi({ clock, random });
  for (const object of objects) {
    try {
      embedded.load(object);
    } catch (error) {
      context.onRejected(object, error instanceof Error ? error.message : String(error));
    }
  }
  const server = await serve(embedded.transport);
  const transport = createNodeTransport({ server: server.url });
  const stop = new AbortController();
  let waiters: (() => void)[] = [];
  const services = (): readonly Service[] => embedded.objects('services') as readonly Service[];
  const isSettled = (): boolean =>
    replica.controller.isIdle &&
    replica.pendingEvents() === 0 &&
    services().every(({ metadata, spec }) => {
      const seen = replica.controller.allocator.seenVersion(`${metadata.namespace}/${metadata.name}`);
      return spec?.type !== 'LoadBalancer' || seen === metadata.resourceVersion;
    });
  const replica = createReplica({
    transport,
    options,
    clock,
    random,
    log,
    version,
    instance: 'npm-start',
    concurrency: defaultConcurrency,
    rateLimit: undefined,
    election: undefined,
    updated() {
      context.onUpdate();
      if (waiters.length === 0 || !isSettled()) return;
      for (const resolve of waiters) resolve();
      waiters = [];
    },
  });
  const running = replica.run(stop.signal);
  return {
    url: server.url,
    allocator: replica.controller.allocator,
    report: () => reportOf(replica.controller.allocator, options),
    services,
    async settled() {
      while (!isSettled()) {
        const update = Promise.withResolvers<void>();
        waiters.push(update.resolve);
        // The controller reports no update when it has written an event.
        const cancel = clock.after(20, update.resolve);
        await Promise.race([update.promise, running]);
        cancel();
      }
    },
    async close() {
      stop.abort();
      await running;
      transport.close();
      await server.close();
    },
  };
}
