import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Answer, type Body, Client } from '../contract/http.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../controlplane/apiserver.ts';
import type { Etcd } from '../controlplane/etcd.ts';
import { feed } from '../controlplane/process.ts';
import { sharedEtcd } from '../controlplane/shared.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { eventually } from './eventually.ts';
import { type Assignment, assignmentOf, type Manifest } from './objects.ts';
import { ServiceWatch } from './service-watch.ts';

export interface EventSeen {
  type: string;
  reason: string;
  message: string;
}

type StoredEvent = Body & EventSeen & { involvedObject: { uid: string }; reportingComponent: string };

const manifest = resolve(import.meta.dirname, '../../manifest/kube-vip-cloud-controller.yaml');
const account = 'kube-vip-cloud-controller';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const lease = `${leases}/${account}`;
const configMap = '/api/v1/namespaces/kube-system/configmaps/kubevip';

/** A kube-apiserver, and the requests that tests send to it. */
export class Cluster {
  readonly server: ApiServer;
  readonly client: Client;
  readonly #binaries: string;
  /** The home directory for kubectl's cache. */
  readonly #home = temporaryFolder('kvcp-home-');
  readonly #namespaces = new Set(['default']);
  readonly #end: () => Promise<void>;

  /** Uses the shared etcd unless `own` is given; `stop` then also stops that etcd. */
  static async start(binaries: string, options: ApiServerOptions, own?: Etcd): Promise<Cluster> {
    const etcd = own ?? (await sharedEtcd(binaries));
    try {
      const server = await startApiServer(binaries, etcd, options);
      return new Cluster(binaries, server, () => etcd.stop());
    } catch (error) {
      await etcd.stop();
      throw error;
    }
  }

  private constructor(binaries: string, server: ApiServer, stopEtcd: () => Promise<void>) {
    const { url, ca, token } = server;
    this.#binaries = binaries;
    this.server = server;
    this.client = new Client({ url, ca, token, needsNamespaces: true, close: () => this.stop() });
    this.#end = stopEtcd;
  }

  async stop(): Promise<void> {
    this.client.close();
    this.#home.remove();
    await this.server.stop();
    await this.#end();
  }

  /** Returns the standard output of kubectl. Rejects with its standard error. */
  kubectl(args: readonly string[], input = ''): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const env = { HOME: this.#home.path, KUBECONFIG: this.server.kubeconfig(), PATH: process.env.PATH ?? '' };
    const child = execFile(join(this.#binaries, 'kubectl'), args, { env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`, { cause: error }));
    });
    feed(child, input);
    return promise;
  }

  /**
   * Applies the shipped manifest and returns a kubeconfig with a token for its ServiceAccount, which grants exactly the
   * permissions of the shipped roles.
   */
  async install(): Promise<string> {
    await this.kubectl(['apply', '-f', manifest]);
    const path = `/api/v1/namespaces/kube-system/serviceaccounts/${account}/token`;
    const answer = await this.client.post(path, { spec: { expirationSeconds: 86_400 } });
    const { token } = accepted(answer, 201).status as { token?: string };
    assert.ok(token, 'the API server returns a token');
    return this.server.kubeconfig(account, token);
  }

  /** The holder of the Lease, or an empty string if there is none. */
  async holder(): Promise<string> {
    return (await this.lease()).holderIdentity ?? '';
  }

  /** The spec of the Lease, empty if there is none. */
  async lease(): Promise<Partial<Body['spec']>> {
    const { status, body } = await this.client.get(lease);
    return status === 404 ? {} : body.spec;
  }

  /** Deletes the Lease, which a killed leader does not release. */
  async forgetLease(): Promise<void> {
    await this.client.delete(lease);
  }

  async namespace(name: string): Promise<void> {
    if (this.#namespaces.has(name)) return;
    const answer = await this.client.post('/api/v1/namespaces', { metadata: { name } });
    accepted(answer, 201, 409);
    this.#namespaces.add(name);
  }

  async create(manifest: Manifest): Promise<Body> {
    const { namespace } = manifest.metadata;
    await this.namespace(namespace);
    const answer = await this.client.post(`/api/v1/namespaces/${namespace}/services`, manifest);
    return accepted(answer, 201);
  }

  async patch(key: string, patch: object): Promise<Body> {
    const answer = await this.client.patch(pathOf(key), patch);
    return accepted(answer, 200);
  }

  /** Sets annotations of a Service; null removes one. */
  annotate(key: string, annotations: Record<string, string | null>): Promise<Body> {
    return this.patch(key, { metadata: { annotations } });
  }

  async remove(key: string): Promise<void> {
    const answer = await this.client.delete(pathOf(key));
    accepted(answer, 200);
  }

  /** Writes the status as kube-vip does when it announces the addresses. */
  async announce(key: string): Promise<void> {
    const { addresses } = await this.assignment(key);
    const ingress = (addresses ?? '').split(',').map((ip) => ({ ip }));
    const answer = await this.client.patch(`${pathOf(key)}/status`, {
      status: { loadBalancer: { ingress } },
    });
    accepted(answer, 200);
  }

  async service(key: string): Promise<Body> {
    const answer = await this.client.get(pathOf(key));
    return accepted(answer, 200);
  }

  async assignment(key: string): Promise<Assignment> {
    return assignmentOf(await this.service(key));
  }

  /** Waits until a Service has exactly this assignment. */
  async becomes(key: string, assignment: Assignment): Promise<void> {
    await eventually(async () => assert.deepEqual(await this.assignment(key), assignment, key));
  }

  /** Waits for a warning about a Service. */
  async warns(key: string, message: RegExp, reason = 'SyncLoadBalancerFailed'): Promise<void> {
    await eventually(async () => {
      const events = await this.events(key);
      const found = events.some(
        (event) => event.type === 'Warning' && event.reason === reason && message.test(event.message),
      );
      assert.ok(found, `${message} is among ${JSON.stringify(events, undefined, 2)}`);
    });
  }

  async version(key: string): Promise<string> {
    return (await this.service(key)).metadata.resourceVersion ?? '';
  }

  /** All Services by `namespace/name`, except the API server's own. */
  async services(): Promise<Map<string, Body>> {
    const { body } = await this.client.get('/api/v1/services');
    const pairs = body.items.map((item): [string, Body] => [keyOf(item), item]);
    return new Map(pairs.filter(([key]) => key !== 'default/kubernetes'));
  }

  /** The address annotation of every Service, or null if it has none. */
  async addresses(): Promise<Record<string, string | null>> {
    const services = await this.services();
    return Object.fromEntries([...services].map(([key, service]) => [key, assignmentOf(service).addresses]));
  }

  /** The resource versions of all Services and their events, which do not change while nothing is written. */
  async versions(): Promise<Record<string, string>> {
    const services = await this.services();
    const items = await this.#eventsAt('/api/v1/events');
    const uids = new Set([...services.values()].map(({ metadata }) => metadata.uid));
    // An in-flight event of a killed controller may arrive after its Service was deleted.
    const events = items
      .filter(({ involvedObject }) => uids.has(involvedObject.uid))
      .map((event): [string, Body] => [`event ${keyOf(event)}`, event]);
    const all = [...services, ...events];
    return Object.fromEntries(all.map(([key, { metadata }]) => [key, metadata.resourceVersion ?? '']));
  }

  /** Watches all Services, starting now. */
  async watch(): Promise<ServiceWatch> {
    const { body } = await this.client.get('/api/v1/services?limit=1');
    return ServiceWatch.start(this.client, body.metadata.resourceVersion ?? '');
  }

  /** Replaces the ConfigMap, or deletes it if `data` is null. */
  async pools(data: Record<string, string> | null): Promise<void> {
    if (data === null) {
      assert.equal((await this.client.delete(configMap)).status, 200);
      return;
    }
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kubevip' }, data };
    const put = await this.client.put(configMap, object);
    if (put.status !== 404) {
      accepted(put, 200);
      return;
    }
    const made = await this.client.post(configMap.replace(/\/kubevip$/, ''), object);
    accepted(made, 201);
  }

  async hasPools(): Promise<boolean> {
    return (await this.client.get(configMap)).status === 200;
  }

  /** The events about one object of the kind, oldest first. */
  async events(key: string, kind = 'Service'): Promise<EventSeen[]> {
    const [namespace = '', name = ''] = key.split('/');
    const selector = encodeURIComponent(`involvedObject.kind=${kind},involvedObject.name=${name}`);
    const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`;
    const items = await this.#eventsAt(path);
    return items
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ type, reason, message }) => ({ type, reason, message }));
  }

  /** Only the controller's events: the API server also writes events when it checks ClusterIPs. */
  async #eventsAt(path: string): Promise<StoredEvent[]> {
    const { body } = await this.client.get(path);
    const items = body.items as StoredEvent[];
    return items.filter(({ reportingComponent }) => reportingComponent === 'kube-vip-cloud-provider');
  }

  /** Deletes everything that a test left behind. */
  async clear(): Promise<void> {
    const services = await this.services();
    for (const [key, { metadata }] of services)
      if (metadata.finalizers !== undefined) await this.patch(key, { metadata: { finalizers: null } });
    const selector = encodeURIComponent('metadata.name!=kubernetes');
    const used = ['kube-system', ...this.#namespaces];
    await Promise.all([
      ...used.map((name) => this.client.delete(`/api/v1/namespaces/${name}/events`)),
      ...[...this.#namespaces].map((name) =>
        this.client.delete(`/api/v1/namespaces/${name}/services?fieldSelector=${selector}`),
      ),
      this.client.delete(configMap),
      this.forgetLease(),
    ]);
    assert.deepEqual([...(await this.services()).keys()], []);
  }
}

/** Returns the body if the status is one of these; otherwise fails with the server's message. */
function accepted({ status, body }: Answer, ...statuses: number[]): Body {
  assert.ok(statuses.includes(status), `${status}: ${body.message ?? ''}`);
  return body;
}

export function keyOf({ metadata }: Body): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function pathOf(key: string): string {
  const [namespace = '', name = ''] = key.split('/');
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}
