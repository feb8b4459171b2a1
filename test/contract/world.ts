import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { includes, type Releases } from '../controlplane/versions.ts';
import { type Answer, type Body, type Cause, Client, type Server } from './http.ts';

/** The namespace and the addresses of one test on the server that all tests share. */
export class World extends Client {
  readonly namespace: string;
  readonly server: Server;
  readonly #test: number;

  constructor(server: Server, test: number, namespace: string) {
    super(server);
    this.server = server;
    this.namespace = namespace;
    this.#test = test;
  }

  /** The name of an IPAddress, which is cluster-scoped. */
  address(n: number): string {
    return `198.18.${this.#test}.${n}`;
  }

  /** The path of `services/web/status`, in the namespace of the test unless the resource is cluster-scoped. */
  at(path: string): string {
    if (path.startsWith('ipaddresses')) return `/apis/networking.k8s.io/v1/${path}`;
    if (path.startsWith('nodes')) return `/api/v1/${path}`;
    const api = path.startsWith('leases') ? '/apis/coordination.k8s.io/v1' : '/api/v1';
    return `${api}/namespaces/${this.namespace}/${path}`;
  }

  /** Creates an object, and expects success. */
  async create(plural: string, object: unknown): Promise<Body> {
    const { status, body } = await this.post(this.at(plural), object);
    assert.equal(status, 201, String(body.message));
    return body;
  }

  /** Patches an object, and expects success. */
  async change(path: string, patch: unknown): Promise<Body> {
    const { status, body } = await this.patch(this.at(path), patch);
    assert.equal(status, 200, String(body.message));
    return body;
  }

  async read(path: string): Promise<Body> {
    const { status, body } = await this.get(this.at(path));
    assert.equal(status, 200, String(body.message));
    return body;
  }

  async revision(plural: string): Promise<string> {
    return (await this.read(`${plural}?limit=1`)).metadata.resourceVersion ?? '';
  }
}

/** A rule with `on` holds only on these releases of Kubernetes. */
export type Rule = (title: string, check: (world: World) => Promise<void>, on?: Releases) => void;

/** IPAddress of networking.k8s.io/v1 is served since 1.33. */
export function onServersWithIPAddresses(rule: Rule): Rule {
  return (title, check) => rule(title, check, { since: 33 });
}

export interface SuiteOptions {
  skip?: string;
  /** The minor version of Kubernetes; by default, one that is newer than all that rules name. */
  minor?: number;
}

/**
 * Runs groups of rules against one server, concurrently: each has its own namespace, and some take seconds on a real
 * server.
 */
export function suite(
  title: string,
  connect: () => Promise<Server>,
  groups: Record<string, (rule: Rule) => void>,
  { skip, minor = Number.POSITIVE_INFINITY }: SuiteOptions = {},
): void {
  const options = skip === undefined ? {} : { skip };
  describe(title, { concurrency: 8 }, () => {
    let server: Server;
    let client: Client;
    let tests = 0;
    // The hooks of a suite run even if all its tests are skipped.
    if (skip === undefined) {
      before(async () => {
        server = await connect();
        client = new Client(server);
      });
      after(async () => {
        client?.close();
        await server?.close();
      });
    }
    const rule: Rule = (sentence, check, on) => {
      if (on !== undefined && !includes(on, minor)) return;
      tests += 1;
      const number = tests;
      const namespace = `contract-${number}`;
      test(sentence, options, async () => {
        if (server.needsNamespaces) {
          const made = await client.post('/api/v1/namespaces', { metadata: { name: namespace } });
          assert.equal(made.status, 201, String(made.body.message));
        }
        const world = new World(server, number, namespace);
        try {
          await check(world);
        } finally {
          world.close();
        }
      });
    };
    for (const group of Object.values(groups)) group(rule);
  });
}

export interface ServiceParts {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  [field: string]: unknown;
}

/** A Service of type LoadBalancer with one port and more fields from the test. */
export function loadBalancer(
  name: string,
  spec: Record<string, unknown> = {},
  metadata: ServiceParts = {},
): unknown {
  // Node ports are scarce on a real server, and no rule needs them.
  const usual = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] };
  return { metadata: { name, ...metadata }, spec: { ...usual, ...spec } };
}

export function configMap(
  name: string,
  data: Record<string, unknown> = {},
  metadata: ServiceParts = {},
): unknown {
  return { metadata: { name, ...metadata }, data };
}

/** An IPAddress that belongs to a ConfigMap. */
export function ipAddress(name: string, metadata: ServiceParts = {}): unknown {
  const parentRef = { resource: 'configmaps', namespace: 'default', name: 'pools' };
  return { metadata: { name, ...metadata }, spec: { parentRef } };
}

interface Refusal {
  code: number;
  /** The real server omits it for an internal failure. */
  reason?: string;
  message?: RegExp;
  cause?: Cause;
}

/** Asserts that the response is a Status with the code of the response. */
export function assertRefused({ status, body }: Answer, { code, reason, message, cause }: Refusal): void {
  assert.equal(status, code, String(body.message));
  assert.deepEqual(
    {
      kind: body.kind,
      apiVersion: body.apiVersion,
      status: body.status,
      code: body.code,
      reason: body.reason,
    },
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason },
  );
  if (message) assert.match(body.message ?? '', message);
  if (cause) assert.partialDeepStrictEqual(body.details?.causes?.[0], cause);
}
