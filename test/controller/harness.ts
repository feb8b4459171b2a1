import type { HttpRequest, HttpResponse, Transport } from '../../src/client/transport.ts';
import { createReplica, type Replica } from '../../src/controller/replica.ts';
import type { KubeObject, Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { createFakeClock, pass, until } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';

/**
 * What to do with a request: pass it on, fail it before or after it executes, respond instead of the
 * server, or pass on another body, as mutating admission does.
 */
export type Interception =
  | 'pass'
  | { admitted: string }
  | 'lost before'
  | 'lost after'
  | { status: number; headers?: Record<string, string>; body?: unknown };

export interface Event extends KubeObject {
  type: string;
  reason: string;
  message: string;
  involvedObject: { kind: string; name: string; namespace: string };
}

/** A controller on the embedded API, with control over its clock and its requests. */
export class Harness {
  readonly clock = createFakeClock();
  readonly log = createMemoryLog();
  readonly api = createEmbeddedApi({ clock: this.clock, random: () => 0.5 });
  /** `PATCH default/web`, in the order in which they were sent. */
  readonly writes: string[] = [];
  /** Intercepts each PATCH and PUT of a Service. */
  onWrite: (request: HttpRequest) => Interception = () => 'pass';
  /** Intercepts each GET of one Service. */
  onRead: (request: HttpRequest) => Interception = () => 'pass';
  /** Intercepts each list of Nodes, which the embedded API does not have. */
  onNodes: () => Interception = () => 'pass';
  /** Intercepts each request on IPAddresses. */
  onClaimRequest: (request: HttpRequest) => Interception = () => 'pass';
  /** Intercepts each request on the ConfigMap with the state of the pools. */
  onStatusRequest: (request: HttpRequest) => Interception = () => 'pass';
  /** Whether the next controller gets `--publish-status`. */
  publishStatus = false;
  /** Delays the answer to each PATCH and PUT of a Service. */
  beforeAnswer: () => Promise<void> = async () => {};
  readonly options: Options;
  /** Aborted to break all watches. */
  #watches = new AbortController();
  /** Lists and watches wait for it. */
  #connected: Promise<void> = Promise.resolve();
  #replica: Replica | undefined;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: Partial<Options> = {}) {
    this.options = {
      class: undefined,
      configMap: { namespace: 'kube-system', name: 'kubevip' },
      controller: 'kube-vip-cloud-controller',
      claims: false,
      ...options,
    };
  }

  start(): this {
    this.#stop = new AbortController();
    this.#replica = createReplica({
      transport: this.#transport,
      options: this.options,
      clock: this.clock,
      random: () => 0.5,
      log: this.log,
      version: 'test',
      instance: 'test',
      concurrency: 16,
      publishStatus: this.publishStatus,
      rateLimit: undefined,
      election: undefined,
    });
    this.#running = this.#replica.run(this.#stop.signal);
    return this;
  }

  get replica(): Replica {
    if (this.#replica === undefined) throw new Error('the controller was not started');
    return this.#replica;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Resolves when the controller has processed all changes and is idle. */
  async settled(): Promise<void> {
    await until(() => this.isSettled, 'the controller is idle');
  }

  get isSettled(): boolean {
    const { controller, pendingEvents } = this.replica;
    return (
      controller.isIdle &&
      pendingEvents() === 0 &&
      this.services().every(({ metadata, spec }) => {
        const seen = controller.allocator.seenVersion(`${metadata.namespace}/${metadata.name}`);
        return seen === (spec?.type === 'LoadBalancer' ? metadata.resourceVersion : undefined);
      })
    );
  }

  readonly #transport: Transport = async (request, signal) => {
    const isRead = request.method === 'GET' && request.path.includes('/services/');
    const read = isRead ? this.onRead(request) : 'pass';
    if (typeof read === 'object' && 'status' in read) return respond(read.status, read.body ?? {}, {});
    if (request.path.startsWith('/api/v1/nodes')) return this.#send(request, signal, this.onNodes());
    if (request.path.startsWith('/apis/networking.k8s.io/'))
      return this.#send(request, signal, this.onClaimRequest(request));
    if (/\/configmaps(\/|\?|$)/.test(request.path) && !request.path.includes('fieldSelector'))
      return this.#send(request, signal, this.onStatusRequest(request));
    const isWrite = /^P(ATCH|UT)$/.test(request.method) && request.path.includes('/services/');
    if (!isWrite) return this.#readWhenConnected(request, signal);
    const [, namespace, name] = /namespaces\/([^/]+)\/services\/([^/?]+)/.exec(request.path) ?? [];
    this.writes.push(`${request.method} ${namespace}/${name}`);
    const response = await this.#send(request, signal, this.onWrite(request));
    await this.beforeAnswer();
    return response;
  };

  async #readWhenConnected(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    await this.#connected;
    const isWatch = request.path.includes('watch=true');
    return this.api.transport(request, isWatch ? AbortSignal.any([signal, this.#watches.signal]) : signal);
  }

  /** Breaks all watches, and lets the controller list again after the change. */
  async changeUnwatched(change: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#connected = promise;
    this.#watches.abort(new Error('connection reset'));
    this.#watches = new AbortController();
    await change();
    this.api.compact();
    resolve();
    await pass(this.clock, 10_000);
  }

  async #send(request: HttpRequest, signal: AbortSignal, interception: Interception): Promise<HttpResponse> {
    if (interception === 'lost before') throw new Error('connection reset');
    if (typeof interception === 'object' && 'admitted' in interception)
      return this.api.transport({ ...request, body: interception.admitted }, signal);
    if (typeof interception === 'object')
      return respond(
        interception.status,
        interception.body ?? { kind: 'Status' },
        interception.headers ?? {},
      );
    const response = await this.api.transport(request, signal);
    if (interception === 'lost after') throw new Error('connection reset');
    return response;
  }

  /** A request from another client. */
  async request(
    method: HttpRequest['method'],
    path: string,
    body?: unknown,
    manager = 'another-client',
  ): Promise<KubeObject> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await this.api.transport(
      {
        method,
        path: `/api/v1/namespaces/${path}${path.includes('?') ? '&' : '?'}fieldManager=${manager}`,
        headers: { 'content-type': type },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      new AbortController().signal,
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (response.status >= 400) throw new Error(text);
    return JSON.parse(text) as KubeObject;
  }

  pools(data: Record<string, string>): void {
    this.api.load({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: this.options.configMap.namespace, name: this.options.configMap.name },
      data,
    });
  }

  load(key: string, service: { metadata?: object; spec?: object; status?: object } = {}): void {
    this.api.load(serviceNamed(key, service));
  }

  async create(key: string, service: { metadata?: object; spec?: object } = {}): Promise<void> {
    const [namespace] = key.split('/');
    await this.request('POST', `${namespace}/services`, serviceNamed(key, service));
  }

  async patch(key: string, patch: object, manager?: string): Promise<void> {
    const [namespace, name] = key.split('/');
    await this.request('PATCH', `${namespace}/services/${name}`, patch, manager);
  }

  async delete(key: string): Promise<void> {
    const [namespace, name] = key.split('/');
    await this.request('DELETE', `${namespace}/services/${name}`);
  }

  services(): readonly Service[] {
    return this.api.objects('services') as readonly Service[];
  }

  service(key: string): Service {
    const found = this.services().find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key);
    if (found === undefined) throw new Error(`there is no Service ${key}`);
    return found;
  }

  address(key: string): string | undefined {
    return this.service(key).metadata.annotations?.[annotations.addresses];
  }

  /** `Warning SyncLoadBalancerFailed default/web: …`, oldest first. */
  events(): string[] {
    return (this.api.objects('events') as readonly Event[])
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ type, reason, involvedObject: { namespace, name }, message }) => {
        return `${type} ${reason} ${namespace}/${name}: ${message}`;
      });
  }
}

export function serviceNamed(
  key: string,
  { metadata = {}, spec = {}, ...rest }: { metadata?: object; spec?: object },
): object {
  const [namespace, name] = key.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, ...metadata },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
    ...rest,
  };
}

export function respond(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers,
    body: (async function* () {
      yield Buffer.from(JSON.stringify(body));
    })(),
  };
}
