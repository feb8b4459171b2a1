import { schemaOf } from './metadata.ts';

/** coordination.k8s.io/v1. */
export const lease = schemaOf('Lease', 'dns-subdomain', {
  spec: {
    struct: 'LeaseSpec',
    always: true,
    fields: {
      holderIdentity: 'string?',
      leaseDurationSeconds: { type: 'int32?', min: 1 },
      acquireTime: 'microTime',
      renewTime: 'microTime',
      leaseTransitions: { type: 'int32?', min: 0 },
      strategy: 'string?',
      preferredHolder: 'string?',
    },
  },
});
