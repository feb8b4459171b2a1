import type { KubeObject } from '../../src/core/model/objects.ts';
import type { Data } from '../core/naive-pools.ts';
import type { WriteRequest } from './cluster.ts';

/** What a controller reads with one list and one watch. */
export type Stream = 'services' | 'others' | 'cleanup' | 'configmap' | 'claims';

/** What the sender knew when it first sent a write: a decision can rest on nothing else. */
export interface Basis {
  readonly data: Data | undefined;
  /** The Services by namespace and name. */
  readonly known: Readonly<Record<string, KubeObject>>;
  /** The addresses that other Services use, also because of writes in flight. */
  readonly inUse: readonly string[];
}

/** A request that waits for its response. The key is the same for a repetition of the same request. */
export type Request = { readonly key: string } & (
  | { readonly verb: 'list'; readonly stream: Stream | 'nodes' }
  | { readonly verb: 'get'; readonly path: string }
  | (WriteRequest & { readonly basis: Basis })
);

export function isWrite(request: Request): request is Extract<Request, WriteRequest> {
  return request.verb !== 'list' && request.verb !== 'get';
}

export function isServiceWrite(request: WriteRequest): boolean {
  return request.path.includes('/services/');
}

const selections: Readonly<Record<Stream, (object: KubeObject) => boolean>> = {
  services: (object) => typeOf(object) === 'LoadBalancer',
  others: (object) => typeOf(object) !== 'LoadBalancer',
  cleanup: (object) =>
    typeOf(object) !== 'LoadBalancer' && object.metadata.labels?.implementation === 'kube-vip',
  configmap: () => true,
  claims: () => true,
};

function typeOf(object: KubeObject): string | undefined {
  return (object as { spec?: { type?: string } }).spec?.type;
}

export function isIn(stream: Stream, object: KubeObject | undefined): boolean {
  return object !== undefined && selections[stream](object);
}

export function pluralOf(stream: Stream): string {
  if (stream === 'configmap') return 'configmaps';
  return stream === 'claims' ? 'ipaddresses' : 'services';
}

export function streamOf(
  path: string,
  { fieldSelector = '', labelSelector }: { fieldSelector?: unknown; labelSelector?: unknown },
): Stream | 'nodes' {
  if (path.endsWith('/nodes')) return 'nodes';
  if (path.endsWith('/configmaps')) return 'configmap';
  if (path.endsWith('/ipaddresses')) return 'claims';
  if (fieldSelector === 'spec.type=LoadBalancer') return 'services';
  return labelSelector === undefined ? 'others' : 'cleanup';
}
