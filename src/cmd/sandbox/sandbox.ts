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

/** A world of objects in an API of its own, with the real controller at work on it over HTTP. */
export interface Sandbox {
  /** The API's address, for whoever wants to change the world meanwhile. */
  readonly url: string;
  /** What the controller knows. */
  readonly allocator: Allocator;
  report(): Report;
  /** The Services as they stand in the API. */
  services(): readonly Service[];
  /** Resolves when the controller has seen everything and has nothing left to do. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface SandboxContext {
  readonly objects: readonly KubeObject[];
  readonly options: Options;
  readonly log: Log;
  readonly version: string;
  /** Told after each turn of the controller. */
  readonly turned: () => void;
  /** An object that Kubernetes would refuse: said, and left out. */
  readonly refused: (object: KubeObject, why: string) => void;
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
      context.refused(object, error instanceof Error ? error.message : String(error));
    }
  }
  const server = await serve(embedded.transport);
  const transport = createNodeTransport({ server: server.url });
  const stop = new AbortController();
  let waiting: (() => void)[] = [];
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
      context.turned();
      if (waiting.length === 0 || !isSettled()) return;
      for (const resolve of waiting) resolve();
      waiting = [];
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
        const turn = Promise.withResolvers<void>();
        waiting.push(turn.resolve);
        // Events are written behind the controller's back; nothing else is.
        const cancel = clock.after(20, turn.resolve);
        await Promise.race([turn.promise, running]);
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
