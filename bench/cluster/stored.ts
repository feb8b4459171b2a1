import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Service } from '../../src/core/model/objects.ts';
import { counter } from '../progress.ts';
import type { Requests } from './requests.ts';

/** Where kube-apiserver keeps its objects. */
export interface Store {
  readonly etcd: string;
  readonly prefix: string;
}

export interface Copies {
  readonly namespace: string;
  /** A Service that the API server has made. */
  readonly of: string;
  readonly names: Iterable<string>;
  /** What else differs from one to the next. */
  readonly edit?: (service: Service) => void;
}

interface IPAddress {
  metadata: Service['metadata'];
  spec: { parentRef: object };
}

interface Stored {
  readonly key: string;
  readonly value: object;
}

const concurrency = 32;
/** So few that they are all there long before a minute is over. */
const chunk = 5_000;
const probes = '/api/v1/namespaces/default/services';

/**
 * Copies of a Service, put into etcd as kube-apiserver would have stored them, each with the IPAddress of its cluster IP.
 * A creation by the API takes longer the more Services there are (1.36: more than a tenth of a second with 50,000, since
 * all cluster IPs are counted each time): hours for so many, where this takes a minute.
 */
export async function storeCopies(requests: Requests, store: Store, copies: Copies): Promise<void> {
  const get = async (path: string) => JSON.parse(await requests.send({ method: 'GET', path })) as unknown;
  const service = (await get(`/api/v1/namespaces/${copies.namespace}/services/${copies.of}`)) as Service;
  const address = (await get(
    `/apis/networking.k8s.io/v1/ipaddresses/${service.spec?.clusterIP}`,
  )) as IPAddress;
  const names = [...copies.names];
  const tell = counter('Services stored', names.length);
  for (let at = 0; at < names.length; at += chunk) {
    const some = names.slice(at, at + chunk).map((name) => ({ name, ip: nextClusterIP() }));
    const claims = some.map(({ name, ip }) => ({
      key: `/${store.prefix}/ipaddresses/${ip}`,
      value: addressLike(address, name, ip),
    }));
    const services = some.map(({ name, ip }) => {
      const value = serviceLike(service, name, ip);
      copies.edit?.(value);
      return { key: `/${store.prefix}/services/specs/${copies.namespace}/${name}`, value };
    });
    await putAll(store.etcd, claims);
    await known(requests, given);
    await putAll(store.etcd, services);
    tell(at + some.length);
  }
}

function addressLike({ metadata, spec, ...kind }: IPAddress, name: string, ip: string): IPAddress {
  // One without its Service is taken away, but not in its first minute.
  const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    ...kind,
    metadata: { ...withoutVersion(metadata), name: ip, uid: randomUUID(), creationTimestamp },
    spec: { parentRef: { ...spec.parentRef, name } },
  };
}

function serviceLike(service: Service, name: string, ip: string): Service {
  return structuredClone({
    ...service,
    metadata: { ...withoutVersion(service.metadata), name, uid: randomUUID() },
    spec: { ...service.spec, clusterIP: ip, clusterIPs: [ip] },
  });
}

/** It is no part of what is stored. */
function withoutVersion<T extends { resourceVersion?: string }>(metadata: T): Omit<T, 'resourceVersion'> {
  const { resourceVersion: _, ...others } = metadata;
  return others;
}

/**
 * Until kube-apiserver knows that so many cluster IPs are in use: a Service whose own it has not seen claimed is one that
 * it mends, with an event. It counts them when it gives one out.
 */
async function known(requests: Requests, least: number): Promise<void> {
  const counted = /^kube_apiserver_clusterip_allocator_allocated_ips\{cidr="10\.[^}]*\} (\S+)$/m;
  for (let tries = 0; tries < 60; tries += 1) {
    const body = JSON.stringify({ metadata: { name: 'probe' }, spec: { ports: [{ port: 80 }] } });
    await requests.send({ method: 'POST', path: probes, body });
    await requests.send({ method: 'DELETE', path: `${probes}/probe` });
    const metrics = await requests.send({ method: 'GET', path: '/metrics' });
    if (Number(counted.exec(metrics)?.[1]) >= least) return;
    await pause(500);
  }
  throw new Error(`kube-apiserver does not know of ${least} cluster IPs`);
}

let given = 0;

/** From the upper half of the range of cluster IPs. */
function nextClusterIP(): string {
  given += 1;
  return `10.${104 + (given >> 16)}.${(given >> 8) & 255}.${given & 255}`;
}

/**
 * By etcd's JSON gateway over its gRPC API, each in a transaction of its own: kube-apiserver takes a revision for that of
 * one object, and would lose some of those that have one together.
 */
async function putAll(etcd: string, stored: readonly Stored[]): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const rest = stored.values();
  const lane = async (): Promise<void> => {
    for (const { key, value } of rest) {
      const body = JSON.stringify({ key: base64(key), value: base64(JSON.stringify(value)) });
      const answer = await fetch(`${etcd}/v3/kv/put`, { method: 'POST', body });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`etcd: ${answer.status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}
