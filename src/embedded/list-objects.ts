import type { KubeObject } from '../core/model/objects.ts';
import { isObject } from './json.ts';
import { type ListOptions, requireReached } from './query.ts';
import type { Resource } from './resource.ts';
import { badRequest, expired } from './status.ts';
import { keyOf, type Store } from './store.ts';

export interface ListMeta {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

export interface List {
  kind: string;
  apiVersion: string;
  metadata: ListMeta;
  items: Omit<KubeObject, 'kind' | 'apiVersion'>[];
}

/** True for the objects that a request selects. */
export type Selects = (object: KubeObject) => boolean;

export function selects(resource: Resource, namespace: string | undefined, options: ListOptions): Selects {
  return (object) => {
    const { metadata } = object;
    if (namespace !== undefined && metadata.namespace !== namespace) return false;
    if (!options.filtered) return true;
    const fields = Object.fromEntries(
      selectableFields(resource).map((path) => [path, textAt(object, path)] as const),
    );
    return options.selectsLabels(metadata.labels ?? {}) && options.selectsFields(fields);
  };
}

export function selectableFields({ selectable }: Resource): readonly string[] {
  return ['metadata.name', 'metadata.namespace', ...selectable];
}

function textAt(object: KubeObject, path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), object);
  return typeof value === 'string' ? value : '';
}

/** One page. All pages of a list have the revision of the first one. */
export function list(store: Store, resource: Resource, selected: Selects, options: ListOptions): List {
  requireReached(options.resourceVersion, store.revision);
  const from = options.continueToken === '' ? undefined : readToken(options.continueToken);
  const revision = from?.revision ?? store.revision;
  const objects = store.collection(resource.plural).at(revision);
  if (objects === undefined) {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. ' +
        'You must start a new list without the continue parameter.',
    );
  }
  const matching = objects.filter(
    (object) => selected(object) && (from === undefined || keyOf(object) > from.after),
  );
  // kube-apiserver serves "any version" from its cache, without pages.
  const limit = options.limit > 0 && options.resourceVersion !== '0' ? options.limit : matching.length;
  const page = matching.slice(0, limit);
  const metadata: ListMeta = { resourceVersion: String(revision) };
  const last = page.at(-1);
  if (last !== undefined && page.length < matching.length) {
    metadata.continue = writeToken(revision, keyOf(last));
    if (!options.filtered) metadata.remainingItemCount = matching.length - page.length;
  }
  const { kind, apiVersion } = resource;
  return { kind: `${kind}List`, apiVersion, metadata, items: page.map(withoutType) };
}

/** The items of a list do not repeat its kind and apiVersion. */
function withoutType({ kind: _, apiVersion: __, ...rest }: KubeObject): List['items'][number] {
  return rest;
}

/** The format of apiserver's pkg/storage/continue.go, which is opaque to clients. */
function writeToken(rv: number, key: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start: `${key}\0` })).toString('base64url');
}

function readToken(token: string): { revision: number; after: string } {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    throw badRequest('invalid continue token: continue key is not valid');
  }
  const { rv, start } = isObject(json) ? json : {};
  if (typeof rv !== 'number' || typeof start !== 'string') {
    throw badRequest('invalid continue token: continue key is not valid');
  }
  return { revision: rv, after: start.replace(/\0$/, '') };
}
