/** The API server of the explorer responds to writes as the embedded one does, which the contract suite checks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergePatch } from '../../src/client/merge-patch.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { randomOf } from '../simulator/random.ts';
import { type Cluster, carryOut, emptyCluster, objectKey, type WriteRequest } from './cluster.ts';

const services = '/api/v1/namespaces/default/services';
const claims = '/apis/networking.k8s.io/v1/ipaddresses';
const paths = [`${services}/svc-a`, `${services}/svc-b`, `${claims}/10.0.0.1`];

const anyText = fc.constantFrom('1', '2', null);
const anyMap = fc.option(fc.record({ first: anyText, second: anyText }, { requiredKeys: [] }));
const anyGuard = fc.constantFrom('none', 'none', 'current', 'former');
const anyStep = fc.record({
  verb: fc.constantFrom<WriteRequest['verb']>('create', 'create', 'update', 'patch', 'patch', 'delete'),
  path: fc.constantFrom(...paths),
  annotations: anyMap,
  labels: anyMap,
  loadBalancerIP: anyText,
  guards: fc.record({ uid: anyGuard, resourceVersion: anyGuard }),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** The states of one object so far, with undefined for none. The last one is the current one. */
type States = readonly (KubeObject | undefined)[];

/** The same write on each server, in the UIDs and versions of that server. */
function requestOf({ verb, path, guards, ...fields }: Step, states: States): WriteRequest {
  const value = (field: keyof Step['guards']): string | undefined => {
    const all = states.map((one) => one?.metadata[field]);
    if (guards[field] === 'none') return undefined;
    return guards[field] === 'current'
      ? all.at(-1)
      : all.find((one) => one !== undefined && one !== all.at(-1));
  };
  const guard = json({ uid: value('uid'), resourceVersion: value('resourceVersion') });
  if (verb === 'delete') return { verb, path, body: guard };
  const isService = path.startsWith(services);
  const { annotations, labels, loadBalancerIP } = fields;
  const patch = {
    metadata: { annotations, labels, ...guard },
    ...(isService ? { spec: { loadBalancerIP: loadBalancerIP && `10.0.0.${loadBalancerIP}` } } : {}),
  };
  if (verb === 'patch') return { verb, path, body: patch };
  const [collection = '', name = ''] = path.split(/\/(?=[^/]+$)/);
  const created = isService
    ? {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' } },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      }
    : {
        ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name } },
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'svc-a' } },
      };
  // An update is based on an object that was read.
  const read = states.findLast((one) => one !== undefined);
  if (verb === 'update' && read !== undefined) return { verb, path, body: mergePatch(read, patch) };
  return {
    verb: 'create',
    path: collection,
    body: mergePatch(created, { ...patch, metadata: { annotations, labels } }),
  };
}

function json<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** What controllers read of an object. Its UID and version are only compared with those before. */
function factsOf(states: States): object | undefined {
  const [before, now] = [states.at(-2), states.at(-1)];
  if (now === undefined) return undefined;
  const { name, namespace, annotations = {}, labels = {}, uid, resourceVersion } = now.metadata;
  const { loadBalancerIP, parentRef } = (now as { spec?: Record<string, unknown> }).spec ?? {};
  return {
    ...json({ name, namespace, annotations, labels, loadBalancerIP, parentRef }),
    isSame: uid === before?.metadata.uid,
    isUnchanged: resourceVersion === before?.metadata.resourceVersion,
  };
}

test('the API server of the explorer and the embedded one do the same', async () => {
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 40 }), async (steps) => {
      const [explored, embedded] = [exploredServer(), embeddedServer()];
      for (const step of steps) {
        const outcome = await explored(step);
        assert.deepEqual(outcome, await embedded(step));
        statuses.add(outcome.status);
      }
    }),
    { numRuns: 100 },
  );
  assert.deepEqual([...statuses].sort(), [200, 201, 404, 409, 422], 'everything occurred');
});

/** Carries out writes. Returns the status, and what became of the object. */
type Server = (step: Step) => Promise<{ readonly status: number }>;

function exploredServer(): Server {
  let cluster: Cluster = emptyCluster;
  return serverOf(async (write, path) => {
    const { response, cluster: after } = carryOut(cluster, write);
    cluster = after;
    return { status: response.status, object: cluster.objects.get(objectKey(path)) };
  });
}

function embeddedServer(): Server {
  const clock = { now: () => 0, wall: () => Date.UTC(2026, 0, 1), after: () => () => {} };
  const api = createEmbeddedApi({ clock, random: randomOf(1) });
  const methods = { create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;
  return serverOf(async ({ verb, path, body: content }, objectPath) => {
    const type = verb === 'patch' ? 'application/merge-patch+json' : 'application/json';
    const body = JSON.stringify(verb === 'delete' ? { preconditions: content } : content);
    const request = { method: methods[verb], path, headers: { 'content-type': type }, body };
    const { status } = await api.transport(request, new AbortController().signal);
    const [plural = ''] = objectKey(objectPath).split(' ');
    return {
      status,
      object: api.objects(plural).find(({ metadata }) => objectPath.endsWith(`/${metadata.name}`)),
    };
  });
}

function serverOf(
  send: (write: WriteRequest, path: string) => Promise<{ status: number; object: KubeObject | undefined }>,
): Server {
  const states = new Map<string, States>();
  return async (step) => {
    const before = states.get(step.path) ?? [undefined];
    const { status, object } = await send(requestOf(step, before), step.path);
    const after = [...before, object];
    states.set(step.path, after);
    return { status, ...factsOf(after) };
  };
}
