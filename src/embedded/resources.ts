import { configMap } from '../schema/config-map.ts';
import { event } from '../schema/event.ts';
import { lease } from '../schema/lease.ts';
import { node } from '../schema/node.ts';
import { ClusterIPs } from './cluster-ips.ts';
import { ipAddresses } from './ip-addresses.ts';
import { sameJson } from './json.ts';
import { common, type ObjectOf, type Resource } from './resource.ts';
import { services } from './services.ts';
import { forbidden, invalidValue, type StatusCause } from './status.ts';

/** The resources that the controller uses. */
export function resources(): Resource[] {
  const pool = new ClusterIPs();
  const addresses = ipAddresses(pool);
  return [services(pool, addresses), configMaps, events, leases, nodes, addresses];
}

type StoredConfigMap = ObjectOf<typeof configMap>;
type Event = ObjectOf<typeof event>;

const configMaps: Resource = {
  ...common,
  kind: 'ConfigMap',
  plural: 'configmaps',
  schema: configMap,
  check: (object, old) => {
    const { data = {}, binaryData = {} } = object as StoredConfigMap;
    return [
      ...Object.keys(data).flatMap((key) => checkKey('data', key)),
      ...Object.keys(binaryData).flatMap((key) => checkKey('binaryData', key)),
      ...Object.keys(data)
        .filter((key) => Object.hasOwn(binaryData, key))
        .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
      ...(old === undefined ? [] : checkImmutable(object, old)),
    ];
  },
};

/** `immutable: true` covers the data and itself. */
function checkImmutable(object: StoredConfigMap, old: StoredConfigMap): StatusCause[] {
  if (old.immutable !== true) return [];
  return (['immutable', 'data', 'binaryData'] as const)
    .filter((field) => !sameJson(object[field], old[field]))
    .map((field) => forbidden(field, 'field is immutable when `immutable` is set'));
}

/** apimachinery's pkg/util/validation, IsConfigMapKey. */
function checkKey(map: string, key: string): StatusCause[] {
  const field = `${map}[${key}]`;
  if (key.length > 253) return [invalidValue(field, key, 'must be no more than 253 characters')];
  if (key === '.' || key.startsWith('..'))
    return [invalidValue(field, key, "must not be '.' or start with '..'")];
  if (/^[-._a-zA-Z0-9]+$/.test(key)) return [];
  const why =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  " +
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  return [invalidValue(field, key, why)];
}

const events: Resource = {
  ...common,
  kind: 'Event',
  plural: 'events',
  schema: event,
  createOnUpdate: true,
  check: (object) => {
    const { involvedObject, metadata } = object as Event;
    const namespace = involvedObject?.namespace;
    // The Event of an object without a namespace is in `default`.
    if ((namespace ?? 'default') === metadata.namespace) return [];
    return [invalidValue('involvedObject.namespace', namespace ?? '', 'does not match event.namespace')];
  },
};

const leases: Resource = {
  ...common,
  kind: 'Lease',
  plural: 'leases',
  group: 'coordination.k8s.io',
  apiVersion: 'coordination.k8s.io/v1',
  schema: lease,
  unconditionalUpdate: false,
  createOnUpdate: true,
};

/** Only their addresses matter, and those come from files. */
const nodes: Resource = { ...common, kind: 'Node', plural: 'nodes', isNamespaced: false, schema: node };
