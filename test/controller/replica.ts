import type { ElectionOptions } from '../../src/client/election-options.ts';
import type { Lease } from '../../src/client/lease-lock.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/client/transport.ts';
import { createReplica, type Replica } from '../../src/controller/replica.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { createEmbeddedApi, type EmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { createFakeClock, type FakeClock, never } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';
import { respond, serviceNamed } from './harness.ts';

export const election: ElectionOptions = {
  lease: { namespace: 'kube-system', name: 'kube-vip-cloud-controller' },
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

/** An embedded API with a pool, and perhaps other keys beside it, shared by replicas. */
export function createCluster(pool: string, settings: Readonly<Record<string, string>> = {}) {
  const clock = createFakeClock();
  const api = createEmbeddedApi({ clock, random: () => 0.5 });
  const metadata = { namespace: 'kube-system', name: 'kubevip' };
  api.load({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'range-global': pool, ...settings } });
  return {
    clock,
    api,
    load: (key: string): void => void api.load(serviceNamed(key, {})),
    address(key: string): string | undefined {
      const services = api.objects('services') as readonly Service[];
      const found = services.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key);
      return found?.metadata.annotations?.[annotations.addresses];
    },
    holder: (): string | undefined => (api.objects('leases') as readonly Lease[])[0]?.spec?.holderIdentity,
  };
}

/**
 * What to do with a request. `cut`: the connection breaks. `never`: it is not executed and gets no response.
 * `lost`: it executes without a response. `rejected`: the server rejects it.
 */
export type Interception = 'pass' | 'cut' | 'never' | 'lost' | 'rejected';

/** One of several replicas on one embedded API. */
export class TestReplica {
  readonly log = createMemoryLog();
  /** `PATCH default/web`, `PUT lease`, in the order in which they were sent. */
  readonly writes: string[] = [];
  readonly requests: HttpRequest[] = [];
  onRequest: (request: HttpRequest) => Interception = () => 'pass';
  /** What each open watch of Services waits for before it delivers events. */
  readonly #delays: { until: Promise<void> }[] = [];
  readonly process: Replica;
  readonly #api: EmbeddedApi;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    api: EmbeddedApi,
    clock: FakeClock,
    identity: string,
    options: ElectionOptions = election,
    publishStatus = false,
  ) {
    this.#api = api;
    this.process = createReplica({
      transport: this.#transport,
      options: {
        class: undefined,
        configMap: { namespace: 'kube-system', name: 'kubevip' },
        controller: 'kube-vip-cloud-controller',
        claims: false,
      },
      clock,
      random: () => 0.5,
      log: this.log,
      version: 'test',
      instance: identity,
      concurrency: 16,
      publishStatus,
      rateLimit: undefined,
      election: { options, identity },
    });
  }

  start(): this {
    this.#running = this.process.run(this.#stop.signal);
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** The currently open watches of Services deliver nothing until then. */
  delayWatchesUntil(until: Promise<void>): void {
    for (const delay of this.#delays) delay.until = until;
  }

  hasLogged(text: string): boolean {
    return this.log.lines.some((line) => line.includes(text));
  }

  readonly #transport: Transport = async (request, signal) => {
    this.requests.push(request);
    const { method, path } = request;
    const [, namespace, name] = /namespaces\/([^/]+)\/services\/([^/?]+)/.exec(path) ?? [];
    if (method === 'PATCH') this.writes.push(`${method} ${namespace}/${name}`);
    switch (this.onRequest(request)) {
      case 'pass':
        return this.#delayed(await this.#api.transport(request, signal), request);
      case 'cut':
        throw new Error('connection reset');
      case 'lost':
        await this.#api.transport(request, signal);
        return never(signal);
      case 'never':
        return never(signal);
      case 'rejected':
        return respond(422, { kind: 'Status', message: 'invalid' }, {});
    }
  };

  #delayed(response: HttpResponse, { path }: HttpRequest): HttpResponse {
    if (!path.startsWith('/api/v1/services') || !path.includes('watch=true')) return response;
    const { body } = response;
    const delay = { until: Promise.resolve() };
    this.#delays.push(delay);
    return {
      ...response,
      body: (async function* () {
        for await (const chunk of body) {
          await delay.until;
          yield chunk;
        }
      })(),
    };
  }
}
