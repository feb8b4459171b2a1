import type { Struct } from './field.ts';
import { schemaOf } from './metadata.ts';

/** core/v1 Service, Kubernetes 1.36: types.go and the allowed values of pkg/apis/core/validation. */

const portNumber = { min: 1, max: 65_535 } as const;
const protocols = ['TCP', 'UDP', 'SCTP'] as const;
const trafficPolicies = ['Cluster', 'Local'] as const;

const servicePort = {
  struct: 'ServicePort',
  fields: {
    name: { type: 'string', format: 'dns-label' },
    protocol: { type: 'string', values: protocols, default: 'TCP' },
    appProtocol: 'string?',
    port: {
      type: 'int32',
      ...portNumber,
      required: true,
      description: 'the port that clients connect to',
      example: 'port: 80',
    },
    targetPort: { type: 'intOrString', ...portNumber },
    nodePort: { type: 'int32', min: 0, max: 65_535 },
  },
} as const satisfies Struct;

const spec = {
  struct: 'ServiceSpec',
  always: true,
  fields: {
    ports: { list: servicePort },
    selector: { map: 'string' },
    clusterIP: 'string',
    clusterIPs: { list: 'string' },
    type: {
      type: 'string',
      values: ['LoadBalancer', 'ClusterIP', 'NodePort', 'ExternalName'],
      default: 'ClusterIP',
    },
    externalIPs: { list: 'string' },
    sessionAffinity: { type: 'string', values: ['ClientIP', 'None'], default: 'None' },
    loadBalancerIP: 'string',
    loadBalancerSourceRanges: { list: 'string' },
    externalName: 'string',
    externalTrafficPolicy: { type: 'string', values: trafficPolicies },
    healthCheckNodePort: 'int32',
    publishNotReadyAddresses: 'bool',
    sessionAffinityConfig: {
      struct: 'SessionAffinityConfig',
      fields: { clientIP: { struct: 'ClientIPConfig', fields: { timeoutSeconds: 'int32?' } } },
    },
    ipFamilies: { list: { type: 'string', values: ['IPv4', 'IPv6'] }, unique: true },
    ipFamilyPolicy: { type: 'string?', values: ['SingleStack', 'PreferDualStack', 'RequireDualStack'] },
    allocateLoadBalancerNodePorts: 'bool?',
    loadBalancerClass: { type: 'string?', format: 'qualified-name' },
    internalTrafficPolicy: { type: 'string?', values: trafficPolicies },
    trafficDistribution: 'string?',
  },
} as const satisfies Struct;

const ingress = {
  struct: 'LoadBalancerIngress',
  fields: {
    ip: { type: 'string', format: 'ip' },
    hostname: { type: 'string', format: 'dns-subdomain' },
    ipMode: { type: 'string?', values: ['VIP', 'Proxy'] },
    ports: {
      list: { struct: 'PortStatus', fields: { port: 'int32?', protocol: 'string', error: 'string?' } },
    },
  },
} as const satisfies Struct;

const condition = {
  struct: 'Condition',
  fields: {
    type: 'string',
    status: 'string',
    observedGeneration: 'int64?',
    lastTransitionTime: 'time',
    reason: 'string',
    message: 'string',
  },
} as const satisfies Struct;

export const service = schemaOf('Service', 'dns-label', {
  spec,
  status: {
    struct: 'ServiceStatus',
    always: true,
    fields: {
      loadBalancer: { struct: 'LoadBalancerStatus', always: true, fields: { ingress: { list: ingress } } },
      conditions: { list: condition },
    },
  },
});
