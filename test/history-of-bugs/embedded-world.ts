import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { HttpRequest, HttpResponse, Transport } from '../../src/client/transport.ts';
import { createReplica, type Replica } from '../../src/controller/replica.ts';
import type { ConfigMap, Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { aMoment, createFakeClock, pass, until } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';
import type { Event } from '../controller/harness.ts';
import { election } from '../controller/replica.ts';
import { type Assignment, loadBalancer, names, type ServiceOverrides } from '../e2e/objects.ts';
import { type Addresses, expectFieldsOf, type World } from './world.ts';

const options: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};

interface Running {
  readonly replica: Replica;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Requests that wait on their way to the API server. */
interface Hold {
  readonly matches: (request: HttpRequest, replica: string) => boolean;
  readonly released: PromiseWithResolvers<void>;
  caught: number;
}

/** The real controller on the embedded API, under a clock of its own. Requests can be held on their way, and replicas cut off. */
export class EmbeddedWorld implements World {
  readonly clock = createFakeClock();
  readonly log = createMemoryLog();
  /** `PATCH default/web 200`, in the order in which the API server answered. */
  readonly writes: string[] = [];
  readonly #api = createEmbeddedApi({ clock: this.clock, random: () => 0.5 });
  readonly #running = new Map<string, Running>();
  readonly #cut = new Set<string>();
  readonly #holds = new Set<Hold>();
  /** What each open watch of Services waits for before it delivers events, by replica. */
  readonly #watches = new Map<string, { until: Promise<void> }[]>();
  readonly #stalled = Promise.withResolvers<void>();
  readonly #deleted = new Set<string>();

  async pools(data: Readonly<Record<string, string>> | null): Promise<void> {
    const metadata = { namespace: 'kube-system', name: 'kubevip' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    const [old] = this.#api.objects('configmaps') as readonly ConfigMap[];
    if (JSON.stringify(old?.data ?? null) === JSON.stringify(data)) return;
    const known = [...this.#running.values()].map(({ replica }) => replica.controller.allocator);
    const configs = known.map(({ config }) => config);
    if (data === null) await this.#request('DELETE', 'kube-system/configmaps/kubevip');
    else if (old === undefined) await this.#request('POST', 'kube-system/configmaps', object);
    else await this.#request('PUT', 'kube-system/configmaps/kubevip', object);
    await until(
      () => known.every(({ config, isReady }, index) => !isReady || config !== configs[index]),
      'the watch delivers the ConfigMap',
    );
    await this.settle();
  }

  async create(key: string, overrides: ServiceOverrides = {}): Promise<void> {
    const [namespace] = key.split('/');
    // Creation times have a resolution of one second.
    this.clock.advance(1000);
    await this.#request('POST', `${namespace}/services`, loadBalancer(key, overrides));
    await this.settle();
  }

  async patch(key: string, patch: object): Promise<void> {
    await this.#request('PATCH', pathOf(key), patch);
    await this.settle();
  }

  async remove(key: string): Promise<void> {
    this.#deleted.add(key);
    await this.#request('DELETE', pathOf(key));
    await this.settle();
  }

  async announce(key: string, manager: string, ingress: readonly object[]): Promise<void> {
    await this.#request('PATCH', `${pathOf(key)}/status`, { status: { loadBalancer: { ingress } } }, manager);
    await this.settle();
  }

  /** Starts a replica, and waits until it has nothing left to do, unless it is a standby or its requests are held. */
  async start(name = 'first'): Promise<void> {
    const stop = new AbortController();
    const isStandby = this.#running.size > 0;
    const replica = createReplica({
      transport: this.#transportOf(name),
      ...{ options, clock: this.clock, log: this.log, random: () => 0.5, version: 'test', instance: name },
      ...{ concurrency: 16, rateLimit: undefined, election: { options: election, identity: name } },
    });
    this.#running.set(name, { replica, stop, ended: replica.run(stop.signal) });
    if (isStandby) await until(() => replica.controller.isReady, `${name} has read all lists`);
    else await this.settle();
  }

  /** Stops a replica as SIGTERM does: it releases the Lease. */
  async stop(name = 'first'): Promise<void> {
    const { stop, ended } = this.#running.get(name) ?? assert.fail(`${name} does not run`);
    this.#running.delete(name);
    stop.abort();
    await ended;
    await this.settle();
  }

  /** From now on, no request of the replica arrives, and no response. */
  cut(name: string): void {
    this.#cut.add(name);
  }

  reconnect(name: string): void {
    this.#cut.delete(name);
  }

  /** Whether the replica acts as the leader. */
  isLeading(name: string): boolean {
    return this.#running.get(name)?.replica.controller.isLeading === true;
  }

  async passes(ms: number): Promise<void> {
    await pass(this.clock, ms, 1000);
  }

  /** Holds all requests that match, until `release`. */
  hold(matches: Hold['matches']): void {
    this.#holds.add({ matches, released: Promise.withResolvers<void>(), caught: 0 });
  }

  /** How many requests are held. */
  get heldRequests(): number {
    return [...this.#holds].reduce((sum, { caught }) => sum + caught, 0);
  }

  /** The watches of Services that the replica has open deliver nothing more. */
  stallWatches(name: string): void {
    for (const watch of this.#watches.get(name) ?? []) watch.until = this.#stalled.promise;
  }

  async release(): Promise<void> {
    const holds = [...this.#holds];
    this.#holds.clear();
    for (const { released } of holds) released.resolve();
    await this.settle();
  }

  /** Resolves when the controller has processed all changes and is idle; after a moment, while requests are held. */
  async settle(): Promise<void> {
    if (this.#running.size === 0) return;
    if (this.#isDisturbed) await aMoment();
    else await until(() => this.#isSettled, 'the controller is idle');
  }

  /** Whether requests are held or cut off, so that the controller may never be idle. */
  get #isDisturbed(): boolean {
    return this.#holds.size > 0 || this.#cut.size > 0;
  }

  get #isSettled(): boolean {
    const leaders = [...this.#running.values()].filter(({ replica }) => replica.controller.isLeading);
    return leaders.length === 1 && leaders.every(({ replica }) => this.#hasNothingToDo(replica));
  }

  #hasNothingToDo({ controller, pendingEvents }: Replica): boolean {
    const seen = (key: string): string | undefined => controller.allocator.seenVersion(key);
    const existing = new Map(this.services().map((service) => [keyOf(service), service]));
    const isUpToDate = [...existing].every(([key, { metadata, spec }]) => {
      return seen(key) === (spec?.type === 'LoadBalancer' ? metadata.resourceVersion : undefined);
    });
    const areGone = [...this.#deleted].every((key) => existing.has(key) || seen(key) === undefined);
    return controller.isIdle && pendingEvents() === 0 && isUpToDate && areGone;
  }

  readonly #transportOf =
    (name: string): Transport =>
    async (request, signal) => {
      for (const hold of [...this.#holds].filter((one) => one.matches(request, name))) {
        hold.caught += 1;
        await hold.released.promise;
      }
      if (this.#cut.has(name)) throw new Error('connection reset');
      const response = await this.#api.transport(request, signal);
      const [, namespace, service] = /namespaces\/([^/]+)\/services\/([^/?]+)/.exec(request.path) ?? [];
      if (request.method === 'PATCH' && service !== undefined)
        this.writes.push(`${request.method} ${namespace}/${service} ${response.status}`);
      return this.#stallable(name, request, response);
    };

  #stallable(name: string, { path }: HttpRequest, response: HttpResponse): HttpResponse {
    if (!path.startsWith('/api/v1/services?') || !path.includes('watch=true')) return response;
    const { body } = response;
    const watch = { until: Promise.resolve() };
    this.#watches.set(name, [...(this.#watches.get(name) ?? []), watch]);
    return {
      ...response,
      body: (async function* () {
        for await (const chunk of body) {
          await watch.until;
          yield chunk;
        }
      })(),
    };
  }

  async #request(
    method: HttpRequest['method'],
    path: string,
    body?: object,
    manager = 'kubectl',
  ): Promise<void> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await this.#api.transport(
      {
        method,
        path: `/api/v1/namespaces/${path}?fieldManager=${manager}`,
        headers: { 'content-type': type },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      new AbortController().signal,
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    if (response.status >= 400) throw new Error(Buffer.concat(chunks).toString());
  }

  services(): readonly Service[] {
    return this.#api.objects('services') as readonly Service[];
  }

  service(key: string): Service {
    return this.services().find((one) => keyOf(one) === key) ?? assert.fail(`there is no Service ${key}`);
  }

  address(key: string): string | null {
    return this.service(key).metadata.annotations?.[names.addresses] ?? null;
  }

  /** `Warning SyncLoadBalancerFailed: …` about a Service or the ConfigMap, oldest first. */
  events(key: string): string[] {
    return (this.#api.objects('events') as readonly Event[])
      .filter(({ involvedObject }) => `${involvedObject.namespace}/${involvedObject.name}` === key)
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }

  /** The replica that acts as the leader. */
  get leading(): Replica {
    const all = [...this.#running.values()].map(({ replica }) => replica);
    return all.find(({ controller }) => controller.isLeading) ?? assert.fail('no replica is the leader');
  }

  async expectAddresses(expected: Addresses): Promise<void> {
    const now = (): Addresses =>
      Object.fromEntries(Object.keys(expected).map((key) => [key, this.address(key)]));
    await this.settle();
    if (this.#isDisturbed) await until(() => isDeepStrictEqual(now(), expected), JSON.stringify(expected));
    assert.deepEqual(now(), expected);
  }

  async expectWarning(key: string, pattern: RegExp): Promise<void> {
    await this.settle();
    const events = this.events(key);
    assert.ok(
      events.some((event) => event.startsWith('Warning') && pattern.test(event)),
      `${pattern} matches none of ${JSON.stringify(events)}`,
    );
  }

  async expectFields(key: string, expected: Partial<Assignment>): Promise<void> {
    await this.settle();
    expectFieldsOf(this.service(key), expected);
  }

  async expectConfigMap(exists: boolean): Promise<void> {
    await this.settle();
    assert.equal(this.#api.objects('configmaps').length === 1, exists);
  }

  async expectService(key: string, exists: boolean): Promise<void> {
    await this.settle();
    assert.equal(
      this.services().some((one) => keyOf(one) === key),
      exists,
    );
  }

  async describe(): Promise<ReadonlyMap<string, string>> {
    return new Map(this.services().map((service) => [keyOf(service), this.#lineOf(service)]));
  }

  #lineOf(service: Service): string {
    const { metadata, spec } = service;
    const address = metadata.annotations?.[names.addresses];
    if (spec?.type !== 'LoadBalancer') return `type ${spec?.type}, ${address ?? 'no address'}`;
    const warning = this.events(keyOf(service)).findLast((event) => event.startsWith('Warning'));
    if (metadata.deletionTimestamp !== undefined) return `${address ?? 'no address'}, being deleted`;
    if (address !== undefined) return address;
    return warning === undefined ? 'no address' : `no address: ${warning.replace(/^Warning \w+: /, '')}`;
  }

  async close(): Promise<void> {
    const holds = [...this.#holds];
    this.#holds.clear();
    for (const { released } of holds) released.resolve();
    this.#cut.clear();
    this.#stalled.resolve();
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ ended }) => ended));
  }
}

function keyOf({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function pathOf(key: string): string {
  const [namespace, name] = key.split('/');
  return `${namespace}/services/${name}`;
}
