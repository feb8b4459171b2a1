import type { Field, Format, Struct } from './field.ts';

const ownerReference = {
  struct: 'OwnerReference',
  fields: {
    apiVersion: 'string',
    kind: 'string',
    name: 'string',
    uid: 'string',
    controller: 'bool?',
    blockOwnerDeletion: 'bool?',
  },
} as const satisfies Struct;

const managedFieldsEntry = {
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
} as const satisfies Struct;

function metadata(kind: string, name: Format): Struct {
  return {
    struct: 'ObjectMeta',
    always: true,
    fields: {
      name: {
        type: 'string',
        format: name,
        required: 'name or generateName is required',
        description: 'a name',
        example: `name: my-${kind.toLowerCase()}`,
      },
      generateName: 'string',
      namespace: { type: 'string', format: 'dns-label' },
      selfLink: { type: 'string', ignored: true },
      uid: 'string',
      resourceVersion: 'string',
      generation: { type: 'int64?', min: 0 },
      creationTimestamp: 'time',
      deletionTimestamp: 'time',
      deletionGracePeriodSeconds: { type: 'int64?', min: 0 },
      labels: { map: 'string' },
      annotations: { map: 'string' },
      ownerReferences: { list: ownerReference },
      finalizers: { list: 'string' },
      managedFields: { list: managedFieldsEntry },
    },
  };
}

export type Schema<Fields extends Readonly<Record<string, Field>> = Readonly<Record<string, Field>>> = {
  readonly struct: string;
  readonly fields: Fields & { readonly metadata: Struct };
};

/** The schema of a kind whose objects have names of the format `name`. */
export function schemaOf<const Fields extends Readonly<Record<string, Field>>>(
  kind: string,
  name: Format,
  fields: Fields,
): Schema<Fields> {
  return {
    struct: kind,
    fields: { kind: 'string', apiVersion: 'string', metadata: metadata(kind, name), ...fields },
  };
}
