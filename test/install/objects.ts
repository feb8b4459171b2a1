import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const root = resolve(import.meta.dirname, '..', '..');
export const manifest = resolve(root, 'manifest', 'kube-vip-cloud-controller.yaml');
export const base = resolve(root, 'manifest');
export const chart = resolve(root, 'charts', 'kube-vip-cloud-provider');
export const fixtures = resolve(import.meta.dirname, 'fixtures');

/** Any Kubernetes object. Use `at` to read its fields. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

/** The objects in a YAML stream. Unlike for kubectl, a duplicate key is an error. */
export function objectsIn(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    assert.deepEqual(document.errors, []);
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** The objects in a List that `kubectl -o json` prints. */
export function itemsOf(list: string): KubernetesObject[] {
  return at(JSON.parse(list), 'items') as KubernetesObject[];
}

export function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const [first, ...more] = objects.filter((object) => object.kind === kind);
  assert.ok(first !== undefined && more.length === 0, `there is one ${kind}`);
  return first;
}

/** The content at a path such as `spec.template.spec.containers.0.image`, or undefined. */
export function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inside, key) => {
    return typeof inside === 'object' && inside !== null
      ? new Map(Object.entries(inside)).get(key)
      : undefined;
  }, object);
}

export function titleOf({ kind, metadata }: KubernetesObject): string {
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join(' ');
}

/** The rules of all roles, without the names of the roles. */
export function rulesOf(objects: readonly KubernetesObject[]): unknown[] {
  return objects
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .map((role) => ({ kind: role.kind, namespace: role.metadata.namespace, rules: at(role, 'rules') }));
}

/** A Pod from the template of the Deployment, for admission plugins that only check Pods. */
export function podOf(objects: readonly KubernetesObject[], namespace: string): string {
  const template = at(only(objects, 'Deployment'), 'spec.template') as { metadata: object; spec: object };
  const metadata = { ...template.metadata, name: 'probe', namespace };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
}
