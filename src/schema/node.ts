import { schemaOf } from './metadata.ts';

/** core/v1, without what the controller does not read. */
export const node = schemaOf('Node', 'dns-subdomain', {
  status: {
    struct: 'NodeStatus',
    always: true,
    fields: {
      addresses: {
        list: {
          struct: 'NodeAddress',
          fields: { type: { type: 'string', required: true }, address: { type: 'string', required: true } },
        },
      },
    },
  },
});
