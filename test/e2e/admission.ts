import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../client/certificate.ts';
import type { Answer } from '../contract/http.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';

const group = 'admissionregistration.k8s.io';
/** Updates of Services, which a PATCH is too. */
const updates = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['UPDATE'],
  resources: ['services'],
};
/** The Services that the policies of these tests apply to. */
const matchConditions = [
  { name: 'labeled', expression: "object.metadata.?labels['team'].orValue('') == 'strict'" },
];
export const strict = { labels: { team: 'strict' } };

/** The result with which a webhook denies a request. */
export interface WebhookResult {
  code?: number;
  message?: string;
}

/** Admission policies and webhooks in the cluster of a test. `clear` removes them. */
export class Admission {
  readonly #cluster: Cluster;
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Denies all changes of the strict Services, and waits until the policy applies to `key`. */
  async policy(
    kind: 'Validating' | 'Mutating',
    spec: object,
    applies: (answer: Answer) => boolean,
    key: string,
  ): Promise<void> {
    const resource = kind === 'Validating' ? 'validatingadmissionpolicies' : 'mutatingadmissionpolicies';
    const of = (what: string, spec: object): object => ({
      apiVersion: `${group}/v1`,
      kind: `${kind}AdmissionPolicy${what}`,
      metadata: { name: 'team' },
      spec,
    });
    const matchConstraints = { resourceRules: [updates] };
    await this.#apply(
      resource,
      of('', { failurePolicy: 'Fail', matchConstraints, matchConditions, ...spec }),
    );
    const actions = kind === 'Validating' ? { validationActions: ['Deny'] } : {};
    await this.#apply(
      resource.replace(/ies$/, 'ybindings'),
      of('Binding', { policyName: 'team', ...actions }),
    );
    await eventually(async () => assert.ok(applies(await this.touch(key)), 'the policy applies'));
  }

  /** Denies all changes of the strict Services with this reason. */
  async deny(reason: string, key: string): Promise<void> {
    const spec = { validations: [{ expression: 'false', message: 'not here', reason }] };
    await this.policy('Validating', spec, ({ status }) => status >= 400, key);
  }

  /** A webhook that denies all changes of the strict Services with what `result` returns; undefined: it fails. */
  async webhook(result: () => WebhookResult | undefined, key: string): Promise<void> {
    const { key: privateKey, cert } = selfSigned('127.0.0.1');
    const server = createServer({ key: privateKey, cert }, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { uid } = (JSON.parse(Buffer.concat(chunks).toString()) as { request: { uid: string } }).request;
      const status = result();
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
      response.writeHead(status === undefined ? 500 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...review, response: { uid, allowed: false, status } }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#ends.push(async () => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const webhook = {
      name: 'hook.example.com',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(cert).toString('base64') },
      rules: [updates],
      matchConditions,
    };
    await this.#apply('validatingwebhookconfigurations', {
      apiVersion: `${group}/v1`,
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'team' },
      webhooks: [webhook],
    });
    await eventually(async () => assert.ok((await this.touch(key)).status >= 400, 'the webhook is called'));
  }

  /** A change by the administrator. */
  touch(key: string): Promise<Answer> {
    const [namespace = '', name = ''] = key.split('/');
    const labels = { touched: String(performance.now()) };
    return this.#cluster.client.patch(`/api/v1/namespaces/${namespace}/services/${name}`, {
      metadata: { labels },
    });
  }

  /** Removes everything, and waits until changes of `key` are allowed, if it is given. */
  async clear(key?: string): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
    if (key !== undefined)
      await eventually(async () => assert.equal((await this.touch(key)).status, 200, 'changes are allowed'));
  }

  async #apply(resource: string, object: object): Promise<void> {
    const path = `/apis/${group}/v1/${resource}`;
    const { status, body } = await this.#cluster.client.post(path, object);
    assert.equal(status, 201, body.message ?? '');
    this.#ends.push(() => this.#cluster.client.delete(`${path}/team`));
  }
}
