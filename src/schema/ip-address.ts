import { schemaOf } from './metadata.ts';

/** networking.k8s.io/v1. */
export const ipAddress = schemaOf('IPAddress', 'canonical-ip', {
  spec: {
    struct: 'IPAddressSpec',
    always: true,
    fields: {
      parentRef: {
        struct: 'ParentReference',
        required: true,
        fields: {
          group: { type: 'string', format: 'dns-subdomain' },
          resource: { type: 'string', required: true },
          namespace: 'string',
          name: { type: 'string', required: true },
        },
      },
    },
  },
});
