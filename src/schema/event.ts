import type { Struct } from './field.ts';
import { schemaOf } from './metadata.ts';

const objectReference = {
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
} as const satisfies Struct;

/** core/v1. */
export const event = schemaOf('Event', 'dns-subdomain', {
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
