import { type Field, type MapOf, type ScalarType, type Struct, scalarOf } from '../schema/field.ts';
import { parseTime } from '../schema/time.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

/**
 * Decodes JSON as the API server does, into Go structs: a value of another type is an error, an unknown field is
 * dropped, null means absent, and Go's zero value is omitted unless the field is a pointer.
 */
export class DecodeError extends Error {}

/** Decodes `json` with unconditional defaults, in the order of the schema. Throws a DecodeError in Go's words. */
export function decode(json: Json, schema: Struct): JsonObject {
  return decodeStruct(json, schema, '', schema.struct);
}

function decodeStruct(json: Json, { struct, fields }: Struct, path: string, owner: string): JsonObject {
  if (!isObject(json)) throw mismatch(json, path, owner, `v1.${struct}`);
  const result: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    const decoded =
      value === undefined || value === null
        ? undefined
        : decodeField(value, field, path === '' ? name : `${path}.${name}`, struct);
    const stored = decoded ?? absent(field);
    if (stored !== undefined) result[name] = stored;
  }
  return result;
}

/** What the API server stores in place of an absent field. */
function absent(field: Field): Json | undefined {
  if (typeof field === 'string' || 'list' in field || 'map' in field) return undefined;
  if ('struct' in field) return field.always === true ? decodeStruct({}, field, '', '') : undefined;
  if (field.required !== undefined) return field.default ?? (field.type === 'string' ? '' : 0);
  return field.default;
}

function decodeField(json: Json, field: Field, path: string, owner: string): Json | undefined {
  if (typeof field === 'object') {
    if ('list' in field) return decodeList(json, field.list, path, owner);
    if ('map' in field) return decodeMap(json, field, path, owner);
    if ('struct' in field) return decodeStruct(json, field, path, owner);
  }
  const { type, ignored } = scalarOf(field);
  const value = decodeScalar(json, type, path, owner);
  const isPointer = type.endsWith('?') || type === 'intOrString' || type === 'any';
  const isZero = value === '' || value === 0 || value === false;
  return ignored === true || (isZero && !isPointer) ? undefined : value;
}

function decodeList(json: Json, item: Field, path: string, owner: string): Json[] | undefined {
  if (!Array.isArray(json)) throw mismatch(json, path, owner, `[]${goType(item)}`);
  return json.length === 0 ? undefined : json.map((value) => decodeItem(value, item, path, owner));
}

function decodeMap(json: Json, { map: item }: MapOf, path: string, owner: string): JsonObject | undefined {
  if (!isObject(json)) throw mismatch(json, path, owner, `map[string]${goType(item)}`);
  const entries = Object.entries(json).map(
    ([key, value]) => [key, decodeItem(value, item, path, owner)] as const,
  );
  // Go's encoder sorts the keys of a map.
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** An item of a list or a map is never omitted: null and `""` become the zero value. */
function decodeItem(json: Json, item: Field, path: string, owner: string): Json {
  if (typeof item === 'string' || 'type' in item)
    return json === null ? '' : decodeScalar(json, scalarOf(item).type, path, owner);
  return decodeField(json ?? {}, item, path, owner) ?? {};
}

function decodeScalar(json: Json, type: ScalarType, path: string, owner: string): Json {
  const kind = type.replace('?', '');
  switch (kind) {
    case 'any':
      return json;
    case 'intOrString':
      if (typeof json === 'string' || isInteger(json, 32)) return json;
      break;
    case 'bool':
      if (typeof json === 'boolean') return json;
      break;
    case 'int32':
    case 'int64':
      if (isInteger(json, kind === 'int32' ? 32 : 53)) return json;
      break;
    case 'time':
    case 'microTime':
      if (typeof json === 'string') return kind === 'time' ? time(json) : microTime(json);
      break;
    case 'bytes':
      if (typeof json === 'string') return base64(json);
      break;
    default:
      if (typeof json === 'string') return json;
  }
  throw mismatch(json, path, owner, goType(type));
}

function isInteger(json: Json, bits: 32 | 53): json is number {
  return Number.isInteger(json) && Math.abs(json as number) <= 2 ** (bits === 32 ? 31 : 53) - 1;
}

/** meta/v1 Time is written in UTC and whole seconds, whatever it was read from. */
function time(text: string): string {
  const milliseconds = parseTime(text);
  if (milliseconds === undefined) throw new DecodeError(unparsed(text, '2006-01-02T15:04:05Z07:00'));
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** meta/v1 MicroTime: anything but six digits after the point is an error. */
function microTime(text: string): string {
  const fraction = /\.(\d{6})(?!\d)/.exec(text)?.[1];
  const milliseconds = parseTime(text);
  if (fraction === undefined || milliseconds === undefined)
    throw new DecodeError(unparsed(text, '2006-01-02T15:04:05.000000Z07:00'));
  return `${new Date(milliseconds).toISOString().slice(0, 19)}.${fraction}Z`;
}

function unparsed(text: string, layout: string): string {
  return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse it`;
}

function base64(text: string): string {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new DecodeError('illegal base64 data at input byte 0');
  }
  return text;
}

function goType(field: Field): string {
  if (typeof field === 'object') {
    if ('list' in field) return `[]${goType(field.list)}`;
    if ('map' in field) return `map[string]${goType(field.map)}`;
    if ('struct' in field) return `v1.${field.struct}`;
  }
  const type = scalarOf(field).type.replace('?', '');
  return { bytes: '[]uint8', time: 'string', microTime: 'string' }[type] ?? type;
}

function mismatch(json: Json, path: string, owner: string, type: string): DecodeError {
  const found = Array.isArray(json) ? 'array' : typeof json === 'boolean' ? 'bool' : typeof json;
  const exact = typeof json === 'number' && !Number.isInteger(json) ? `number ${json}` : found;
  if (path === '') return new DecodeError(`json: cannot unmarshal ${exact} into Go value of type ${type}`);
  return new DecodeError(
    `json: cannot unmarshal ${exact} into Go struct field ${owner}.${path} of type ${type}`,
  );
}
