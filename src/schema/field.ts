/**
 * The language of the schemas: what a field of a Kubernetes object may hold. The embedded API decodes, defaults and
 * validates by it, and the manifest reader repairs by it. Rules that compare several fields are code in those rooms.
 */
export type Field = ScalarType | Scalar | ListOf | MapOf | Struct;

/** Go's type of the field. `?` marks a pointer: `""`, `0` and `false` are stored values there, not absence. */
export type ScalarType =
  | 'string'
  | 'string?'
  | 'int32'
  | 'int32?'
  | 'int64?'
  | 'bool'
  | 'bool?'
  | 'time'
  | 'microTime'
  | 'intOrString'
  | 'bytes'
  | 'any';

export interface Scalar {
  readonly type: ScalarType;
  /** The only values that the API server accepts. */
  readonly values?: readonly string[];
  /** The smallest and the largest integer that the API server accepts. */
  readonly min?: number;
  readonly max?: number;
  readonly format?: Format;
  /** Filled in whenever an object without the field is read. */
  readonly default?: string;
  /** A string is the reason in Kubernetes' message. A required field is stored even if it has Go's zero value. */
  readonly required?: true | string;
  /** What the field is, and a line of YAML that sets it, for messages. */
  readonly description?: string;
  readonly example?: string;
  /** Accepted, but never stored. */
  readonly ignored?: true;
}

export type Format = 'dns-label' | 'dns-subdomain' | 'qualified-name' | 'ip' | 'canonical-ip';

export interface ListOf {
  readonly list: Field;
  /** No two items are equal. */
  readonly unique?: true;
}

export interface MapOf {
  readonly map: 'string' | 'bytes';
}

export interface Struct {
  /** Go's name of the type, which the decoder's messages use. */
  readonly struct: string;
  /** In the order in which the API server writes them. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Stored even if it is empty: not a pointer in Go. */
  readonly always?: true;
  readonly required?: true;
}

export function scalarOf(field: ScalarType | Scalar): Scalar {
  return typeof field === 'string' ? { type: field } : field;
}

export function fieldOf({ fields }: Struct, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** The type of a value that was decoded by the schema `F`. */
export type ValueOf<F> = F extends { list: infer Item }
  ? ValueOf<Item>[]
  : F extends { map: unknown }
    ? Record<string, string>
    : F extends { fields: infer Fields }
      ? StructValue<Fields>
      : F extends { type: infer Type }
        ? ScalarValue<Type>
        : ScalarValue<F>;

type StructValue<Fields> = {
  -readonly [Name in keyof Fields as Fields[Name] extends Stored ? Name : never]: ValueOf<Fields[Name]>;
} & {
  -readonly [Name in keyof Fields as Fields[Name] extends Stored ? never : Name]?: ValueOf<Fields[Name]>;
};

/** A field that is never absent after decoding. */
type Stored = { default: string } | { type: ScalarType; required: true | string } | { always: true };

type ScalarValue<Type> = Type extends 'int32' | 'int32?' | 'int64?'
  ? number
  : Type extends 'bool' | 'bool?'
    ? boolean
    : Type extends 'intOrString'
      ? number | string
      : Type extends 'any'
        ? unknown
        : string;
