import type { ServicePort, ServiceSpec } from '../../src/core/model/objects.ts';
import type { Body } from '../contract/http.ts';

/** Independent copies: these names are a contract with kube-vip and with existing clusters. */
export const names = {
  addresses: 'kube-vip.io/loadbalancerIPs',
  interface: 'kube-vip.io/serviceInterface',
  record: 'kube-vip.io/allocation',
  reallocate: 'kube-vip.io/reallocate',
  implementation: 'implementation',
  ipamAddress: 'ipam-address',
  goFinalizer: 'service.kubernetes.io/load-balancer-cleanup',
} as const;

/** The fields of a Service that the controller writes; null if absent. */
export interface Assignment {
  addresses: string | null;
  specIP: string | null;
  label: string | null;
  /** The source in the allocation record: a key of the ConfigMap, or `static`. */
  from: string | null;
  interface: string | null;
}

export const unassigned: Assignment = {
  addresses: null,
  specIP: null,
  label: null,
  from: null,
  interface: null,
};

/** The usual case: spec.loadBalancerIP is the first address, and no interface is set. */
export function assigned(addresses: string, from: string, more: Partial<Assignment> = {}): Assignment {
  const specIP = addresses.split(',')[0] ?? null;
  return { addresses, specIP, label: 'kube-vip', from, interface: null, ...more };
}

export function assignmentOf({ metadata, spec }: Body): Assignment {
  const { annotations = {}, labels = {} } = metadata;
  const record = annotations[names.record];
  const content = record === undefined ? undefined : (JSON.parse(record) as { from: string });
  return {
    addresses: annotations[names.addresses] ?? null,
    specIP: spec.loadBalancerIP ?? null,
    label: labels[names.implementation] ?? null,
    from: content?.from ?? null,
    interface: annotations[names.interface] ?? null,
  };
}

export interface Manifest {
  apiVersion: 'v1';
  kind: 'Service';
  metadata: {
    name: string;
    namespace: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
    finalizers?: string[];
  };
  spec: ServiceSpec & { ports: ServicePort[] };
}

export interface ServiceOverrides extends ServiceSpec {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  finalizers?: string[];
}

/** A Service of type LoadBalancer on TCP port 80, with these overrides. `key` is `namespace/name`. */
export function loadBalancer(key: string, overrides: ServiceOverrides = {}): Manifest {
  const [namespace = '', name = ''] = key.split('/');
  const { annotations, labels, finalizers, ...spec } = overrides;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      ...(annotations === undefined ? {} : { annotations }),
      ...(labels === undefined ? {} : { labels }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  };
}
