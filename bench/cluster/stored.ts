import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Service } from '../../src/core/model/objects.ts';
import { concurrently } from '../concurrently.ts';
import { progress } from '../progress.ts';
import type { Requests } from './requests.ts';
import { namespace, pathOf, servicesPath } from './services.ts';

interface IPAddress {
  metadata: Service['metadata'];
  spec: { parentRef: object };
}

/** Small enough that each chunk is complete long before a minute has passed: see addressLike. */
const chunk = 5_000;
const probes = pathOf('default');

/**
 * Stores copies of a Service in etcd as kube-apiserver would have stored them, each with the IPAddress of its cluster IP.
 * kube-apiserver 1.36 counts all cluster IPs at each creation, which takes more than 0.1 s with 50,000 Services: creating
 * them through the API would take hours, and this takes a minute.
 */
export async function storeCopies(
  requests: Requests,
  etcd: string,
  { of, names }: { readonly of: string; readonly names: readonly string[] },
): Promise<void> {
  const get = async (path: string): Promise<unknown> =>
    JSON.parse(await requests.send({ method: 'GET', path }));
  const service = (await get(`${servicesPath}/${of}`)) as Service;
  const ipAddresses = '/apis/networking.k8s.io/v1/ipaddresses';
  const address = (await get(`${ipAddresses}/${service.spec?.clusterIP}`)) as IPAddress;
  const report = progress('Services stored', names.length);
  for (let at = 0; at < names.length; at += chunk) {
    const copies = names.slice(at, at + chunk).map((name) => ({ name, ip: nextClusterIP() }));
    await putAll(
      etcd,
      copies.map(({ name, ip }) => [`ipaddresses/${ip}`, addressLike(address, name, ip)]),
    );
    await clusterIPsKnown(requests, lastClusterIP);
    await putAll(
      etcd,
      copies.map(({ name, ip }) => [`services/specs/${namespace}/${name}`, serviceLike(service, name, ip)]),
    );
    report(at + copies.length);
  }
}

function addressLike({ metadata, spec, ...kind }: IPAddress, name: string, ip: string): IPAddress {
  // kube-apiserver deletes an IPAddress without a Service, but not in its first minute.
  const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    ...kind,
    metadata: { ...withoutVersion(metadata), name: ip, uid: randomUUID(), creationTimestamp },
    spec: { parentRef: { ...spec.parentRef, name } },
  };
}

function serviceLike(service: Service, name: string, ip: string): Service {
  return {
    ...service,
    metadata: { ...withoutVersion(service.metadata), name, uid: randomUUID() },
    spec: { ...service.spec, clusterIP: ip, clusterIPs: [ip] },
  };
}

/** The version is not stored. */
function withoutVersion<T extends { resourceVersion?: string }>(metadata: T): Omit<T, 'resourceVersion'> {
  const { resourceVersion: _, ...others } = metadata;
  return others;
}

/**
 * Waits until kube-apiserver knows of so many cluster IPs in use. It repairs a Service whose cluster IP it does not
 * know, with an event. It counts cluster IPs only when it allocates one.
 */
async function clusterIPsKnown(requests: Requests, least: number): Promise<void> {
  const metric = /^kube_apiserver_clusterip_allocator_allocated_ips\{cidr="10\.[^}]*\} (\S+)$/m;
  for (let tries = 0; tries < 60; tries += 1) {
    const body = JSON.stringify({ metadata: { name: 'probe' }, spec: { ports: [{ port: 80 }] } });
    await requests.send({ method: 'POST', path: probes, body });
    await requests.send({ method: 'DELETE', path: `${probes}/probe` });
    const text = await requests.send({ method: 'GET', path: '/metrics' });
    if (Number(metric.exec(text)?.[1]) >= least) return;
    await pause(500);
  }
  throw new Error(`kube-apiserver does not know of ${least} cluster IPs`);
}

let lastClusterIP = 0;

/** From the upper half of the range of cluster IPs. */
function nextClusterIP(): string {
  lastClusterIP += 1;
  return `10.${104 + (lastClusterIP >> 16)}.${(lastClusterIP >> 8) & 255}.${lastClusterIP & 255}`;
}

/**
 * Through the JSON gateway of etcd, each object in its own transaction: kube-apiserver expects one object for each
 * revision, and would lose the others.
 */
async function putAll(
  etcd: string,
  objects: readonly (readonly [key: string, value: object])[],
): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  await concurrently(objects, 32, async ([key, value]) => {
    const body = JSON.stringify({ key: base64(`/bench/${key}`), value: base64(JSON.stringify(value)) });
    const response = await fetch(`${etcd}/v3/kv/put`, { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(`etcd: ${response.status} ${text}`);
  });
}
