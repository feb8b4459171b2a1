import type { KubeObject, ManagedFieldsEntry } from '../core/model/objects.ts';
import { isObject, sameJson } from './json.ts';

/**
 * The last writer of each field, as the field management of server-side apply records it for ordinary writes (operation
 * Update): a manager owns the fields that it changed, until another one changes or removes them.
 *
 * Simpler than the real one: a list is one field, and maps have no `.` entries.
 */
export interface FieldWriter {
  manager: string;
  subresource: string | undefined;
  time: string;
}

/** An entry with all its fields; the type in core/model has only those that the controller reads. */
export interface FieldsEntry extends ManagedFieldsEntry {
  apiVersion?: string;
  fieldsType?: string;
  subresource?: string;
}

interface Ownership {
  entry: FieldsEntry;
  paths: Set<string>;
}

type Values = Map<string, unknown>;

/** Fields of the system, which no manager owns. */
const unowned =
  /^f:(?:apiVersion|kind|metadata\nf:(?:name|namespace|uid|resourceVersion|generation|creationTimestamp|deletionTimestamp|deletionGracePeriodSeconds|managedFields)(?:\n.*)?)$/s;

export function recordWrite(
  object: KubeObject,
  before: KubeObject | undefined,
  writer: FieldWriter,
): FieldsEntry[] {
  const values = leaves(object);
  const old = before === undefined ? new Map() : leaves(before);
  const changed = [...values].filter(([path, value]) => !(old.has(path) && sameJson(old.get(path), value)));
  const paths = new Set(changed.map(([path]) => path));
  const owners = readOwners(before);
  let own = owners.find(({ entry }) => isOf(entry, writer));
  if (own === undefined && paths.size > 0) {
    const { manager, subresource } = writer;
    const entry: FieldsEntry = {
      manager,
      operation: 'Update',
      apiVersion: object.apiVersion ?? '',
      time: writer.time,
      fieldsType: 'FieldsV1',
      ...(subresource === undefined ? {} : { subresource }),
    };
    own = { entry, paths: new Set() };
    owners.push(own);
  }
  for (const owner of owners) {
    const size = owner.paths.size;
    for (const path of owner.paths) {
      const lost = !values.has(path) || (owner !== own && paths.has(path));
      if (lost) owner.paths.delete(path);
    }
    if (owner === own) for (const path of paths) owner.paths.add(path);
    if (owner.paths.size !== size || (owner === own && paths.size > 0)) owner.entry.time = writer.time;
  }
  return owners.filter((owner) => owner.paths.size > 0).map(writeOwner);
}

function isOf(entry: FieldsEntry, { manager, subresource }: FieldWriter): boolean {
  return entry.manager === manager && entry.operation === 'Update' && entry.subresource === subresource;
}

/** `f:spec\nf:type` → "LoadBalancer". No field name contains a line break. */
function leaves(object: KubeObject): Values {
  const values: Values = new Map();
  collect(object, '', values);
  return values;
}

function collect(value: unknown, path: string, values: Values): void {
  if (unowned.test(path)) return;
  if (!isObject(value)) {
    if (value !== undefined) values.set(path, value);
    return;
  }
  for (const [key, part] of Object.entries(value)) {
    collect(part, path === '' ? `f:${key}` : `${path}\nf:${key}`, values);
  }
}

function readOwners(object: KubeObject | undefined): Ownership[] {
  const entries: FieldsEntry[] = object?.metadata.managedFields ?? [];
  return entries.map((entry) => {
    const paths = new Set<string>();
    collectPaths(entry.fieldsV1, '', paths);
    return { entry: { ...entry }, paths };
  });
}

function collectPaths(tree: unknown, path: string, paths: Set<string>): void {
  if (!isObject(tree)) return;
  const keys = Object.keys(tree);
  if (keys.length === 0 && path !== '') paths.add(path);
  // The real API server also lists the items of a list (`k:{"port":80}`, `v:"finalizer"`).
  if (keys.some((key) => !key.startsWith('f:') && key !== '.')) paths.add(path);
  else
    for (const key of keys)
      if (key !== '.') collectPaths(tree[key], path === '' ? key : `${path}\n${key}`, paths);
}

function writeOwner({ entry, paths }: Ownership): FieldsEntry {
  const tree: Record<string, unknown> = {};
  for (const path of [...paths].sort()) {
    let at = tree;
    for (const key of path.split('\n')) {
      const next = at[key];
      const branch = isObject(next) ? (next as Record<string, unknown>) : {};
      at[key] = branch;
      at = branch;
    }
  }
  const { subresource, ...rest } = entry;
  return { ...rest, fieldsV1: tree, ...(subresource === undefined ? {} : { subresource }) };
}
