import type { Shape, Struct } from './shape.ts';

/** The fields of the resources, as in k8s.io/api: types.go of core/v1, coordination/v1 and networking/v1. */

const strings: Shape = { map: 'string' };

const metadata: Struct = {
  struct: 'ObjectMeta',
  fields: {
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    uid: 'string',
    resourceVersion: 'string',
    generation: 'int64?',
    creationTimestamp: 'time',
    deletionTimestamp: 'time',
    deletionGracePeriodSeconds: 'int64?',
    labels: strings,
    annotations: strings,
    ownerReferences: {
      list: {
        struct: 'OwnerReference',
        fields: {
          apiVersion: 'string',
          kind: 'string',
          name: 'string',
          uid: 'string',
          controller: 'bool?',
          blockOwnerDeletion: 'bool?',
        },
      },
    },
    finalizers: { list: 'string' },
    managedFields: {
      list: {
        struct: 'ManagedFieldsEntry',
        fields: {
          manager: 'string',
          operation: 'string',
          apiVersion: 'string',
          time: 'time',
          fieldsType: 'string',
          fieldsV1: 'any',
          subresource: 'string',
        },
      },
    },
  },
};

function kind(struct: string, fields: Record<string, Shape>): Struct {
  return { struct, fields: { kind: 'string', apiVersion: 'string', metadata, ...fields } };
}

const servicePort: Struct = {
  struct: 'ServicePort',
  fields: {
    name: 'string',
    protocol: 'string',
    appProtocol: 'string?',
    port: 'int32?',
    targetPort: 'intOrString',
    nodePort: 'int32',
  },
};

const ingress: Struct = {
  struct: 'LoadBalancerIngress',
  fields: {
    ip: 'string',
    hostname: 'string',
    ipMode: 'string?',
    ports: {
      list: { struct: 'PortStatus', fields: { port: 'int32?', protocol: 'string', error: 'string?' } },
    },
  },
};

export const service = kind('Service', {
  spec: {
    struct: 'ServiceSpec',
    fields: {
      ports: { list: servicePort },
      selector: strings,
      clusterIP: 'string',
      clusterIPs: { list: 'string' },
      type: 'string',
      externalIPs: { list: 'string' },
      sessionAffinity: 'string',
      loadBalancerIP: 'string',
      loadBalancerSourceRanges: { list: 'string' },
      externalName: 'string',
      externalTrafficPolicy: 'string',
      healthCheckNodePort: 'int32',
      publishNotReadyAddresses: 'bool',
      sessionAffinityConfig: {
        struct: 'SessionAffinityConfig',
        fields: { clientIP: { struct: 'ClientIPConfig', fields: { timeoutSeconds: 'int32?' } } },
      },
      ipFamilies: { list: 'string' },
      ipFamilyPolicy: 'string?',
      allocateLoadBalancerNodePorts: 'bool?',
      loadBalancerClass: 'string?',
      internalTrafficPolicy: 'string?',
      trafficDistribution: 'string?',
    },
  },
  status: {
    struct: 'ServiceStatus',
    fields: {
      loadBalancer: { struct: 'LoadBalancerStatus', fields: { ingress: { list: ingress } } },
      conditions: {
        list: {
          struct: 'Condition',
          fields: {
            type: 'string',
            status: 'string',
            observedGeneration: 'int64?',
            lastTransitionTime: 'time',
            reason: 'string',
            message: 'string',
          },
        },
      },
    },
  },
});

export const configMap = kind('ConfigMap', {
  immutable: 'bool?',
  data: strings,
  binaryData: { map: 'bytes' },
});

const objectReference: Struct = {
  struct: 'ObjectReference',
  fields: {
    kind: 'string',
    namespace: 'string',
    name: 'string',
    uid: 'string',
    apiVersion: 'string',
    resourceVersion: 'string',
    fieldPath: 'string',
  },
};

export const event = kind('Event', {
  involvedObject: objectReference,
  reason: 'string',
  message: 'string',
  source: { struct: 'EventSource', fields: { component: 'string', host: 'string' } },
  firstTimestamp: 'time',
  lastTimestamp: 'time',
  count: 'int32',
  type: 'string',
  eventTime: 'microTime',
  series: { struct: 'EventSeries', fields: { count: 'int32', lastObservedTime: 'microTime' } },
  action: 'string',
  related: objectReference,
  reportingComponent: 'string',
  reportingInstance: 'string',
});

export const lease = kind('Lease', {
  spec: {
    struct: 'LeaseSpec',
    fields: {
      holderIdentity: 'string?',
      leaseDurationSeconds: 'int32?',
      acquireTime: 'microTime',
      renewTime: 'microTime',
      leaseTransitions: 'int32?',
      strategy: 'string?',
      preferredHolder: 'string?',
    },
  },
});

export const ipAddress = kind('IPAddress', {
  spec: {
    struct: 'IPAddressSpec',
    fields: {
      parentRef: {
        struct: 'ParentReference',
        fields: { group: 'string', resource: 'string', namespace: 'string', name: 'string' },
      },
    },
  },
});
