import type { ConfigMap, KubeObject } from '../core/model/objects.ts';
import { ClusterIPs } from './cluster-ips.ts';
import { ipAddresses } from './ip-addresses.ts';
import { sameJson } from './json.ts';
import { common, type Resource } from './resource.ts';
import { configMap, event, lease } from './resource-shapes.ts';
import { services } from './services.ts';
import { forbidden, invalidValue, type StatusCause } from './status.ts';

/** The resources that the controller uses. */
export function resources(): Resource[] {
  const pool = new ClusterIPs();
  const addresses = ipAddresses(pool);
  return [services(pool, addresses), configMaps, events, leases, addresses];
}

interface ImmutableConfigMap extends ConfigMap {
  immutable?: boolean;
}

const configMaps: Resource = {
  ...common,
  kind: 'ConfigMap',
  plural: 'configmaps',
  shape: configMap,
  check: (object, old) => {
    const { data = {}, binaryData = {} } = object as ConfigMap;
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

/** One that says `immutable: true` keeps its data, and keeps saying so. */
function checkImmutable(object: ImmutableConfigMap, old: ImmutableConfigMap): StatusCause[] {
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

interface EventObject extends KubeObject {
  involvedObject?: { namespace?: string };
  eventTime?: string;
}

const events: Resource = {
  ...common,
  kind: 'Event',
  plural: 'events',
  shape: event,
  createOnUpdate: true,
  check: (object) => {
    const { involvedObject, metadata } = object as EventObject;
    const namespace = involvedObject?.namespace;
    // An Event on an object without a namespace belongs into `default`.
    if ((namespace ?? 'default') === metadata.namespace) return [];
    return [invalidValue('involvedObject.namespace', namespace ?? '', 'does not match event.namespace')];
  },
};

interface LeaseObject extends KubeObject {
  spec?: { leaseDurationSeconds?: number; leaseTransitions?: number };
}

const leases: Resource = {
  ...common,
  kind: 'Lease',
  plural: 'leases',
  group: 'coordination.k8s.io',
  apiVersion: 'coordination.k8s.io/v1',
  shape: lease,
  unconditionalUpdate: false,
  createOnUpdate: true,
  defaulted: (object) => ({ ...object, spec: (object as LeaseObject).spec ?? {} }) as KubeObject,
  check: (object) => {
    const { leaseDurationSeconds, leaseTransitions } = (object as LeaseObject).spec ?? {};
    const causes: StatusCause[] = [];
    if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
      causes.push(invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
    }
    if (leaseTransitions !== undefined && leaseTransitions < 0) {
      causes.push(
        invalidValue('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'),
      );
    }
    return causes;
  },
};
