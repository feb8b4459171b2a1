import { schemaOf } from './metadata.ts';

/** core/v1. */
export const configMap = schemaOf('ConfigMap', 'dns-subdomain', {
  immutable: 'bool?',
  data: { map: 'string' },
  binaryData: { map: 'bytes' },
});
