/**
 * The fields of Kubernetes objects that this project reads or writes. Every field that the API may omit is optional. Names and
 * structure are those of the Kubernetes API reference (core/v1, meta/v1).
 */

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  /** Opaque, except that two versions of one resource from one API server can be ordered (KEP-5504). */
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339, with a resolution of one second. */
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  time?: string;
  fieldsV1?: Record<string, unknown>;
}

/** The fields that all objects have. The client and the embedded API depend on nothing else. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

export interface ServicePort {
  name?: string;
  protocol?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
}

export interface ServiceSpec {
  type?: string;
  loadBalancerClass?: string;
  loadBalancerIP?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  externalIPs?: string[];
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  externalTrafficPolicy?: string;
  internalTrafficPolicy?: string;
  sessionAffinity?: string;
  allocateLoadBalancerNodePorts?: boolean;
  selector?: Record<string, string>;
  ports?: ServicePort[];
}

export interface LoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ipMode?: string;
}

export interface Service extends KubeObject {
  spec?: ServiceSpec;
  status?: { loadBalancer?: { ingress?: LoadBalancerIngress[] } };
}

/** networking.k8s.io/v1. */
export interface IPAddress extends KubeObject {
  spec?: { parentRef?: { group?: string; resource?: string; namespace?: string; name?: string } };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}
