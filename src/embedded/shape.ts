import { isObject, type Json, type JsonObject } from './json.ts';

/**
 * What a field may hold. The API server reads JSON into Go structs: a value of another type is refused, a field that
 * the struct lacks is dropped, null counts as absent, and what equals Go's zero value is left out when it is written
 * again (`omitempty`). A name with `?` is a pointer in Go: there "" and 0 and false are values that stay.
 */
export type Shape =
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
  | 'any'
  | { list: Shape }
  | { map: Shape }
  | Struct;

export interface Struct {
  /** Go's name of the type, which the decoder's messages use. */
  struct: string;
  /** In the order in which the API server writes them. */
  fields: Record<string, Shape>;
}

export class ShapeError extends Error {}

/** Reads `json` as `struct`, in the struct's order of fields; throws a ShapeError with the words of Go's decoder. */
export function shaped(json: Json, struct: Struct): JsonObject {
  return readStruct(json, struct, '', struct.struct);
}

function readStruct(json: Json, { struct, fields }: Struct, path: string, owner: string): JsonObject {
  if (!isObject(json)) throw mismatch(json, path, owner, `v1.${struct}`);
  const result: JsonObject = {};
  for (const [name, shape] of Object.entries(fields)) {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (value === undefined || value === null) continue;
    const read = readValue(value, shape, path === '' ? name : `${path}.${name}`, struct);
    if (read !== undefined) result[name] = read;
  }
  return result;
}

function readValue(json: Json, shape: Shape, path: string, owner: string): Json | undefined {
  if (typeof shape === 'object') {
    if ('list' in shape) return readList(json, shape.list, path, owner);
    if ('map' in shape) return readMap(json, shape.map, path, owner);
    return readStruct(json, shape, path, owner);
  }
  const leaf = readLeaf(json, shape, path, owner);
  const pointer = shape.endsWith('?') || shape === 'intOrString' || shape === 'any';
  return !pointer && (leaf === '' || leaf === 0 || leaf === false) ? undefined : leaf;
}

function readList(json: Json, item: Shape, path: string, owner: string): Json[] | undefined {
  if (!Array.isArray(json)) throw mismatch(json, path, owner, `[]${goType(item)}`);
  return json.length === 0 ? undefined : json.map((value) => readItem(value, item, path, owner));
}

function readMap(json: Json, item: Shape, path: string, owner: string): JsonObject | undefined {
  if (!isObject(json)) throw mismatch(json, path, owner, `map[string]${goType(item)}`);
  const entries = Object.entries(json).map(
    ([key, value]) => [key, readItem(value, item, path, owner)] as const,
  );
  // Go's encoder sorts the keys of a map.
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Inside a list or a map nothing is left out: null and "" become the zero value. */
function readItem(json: Json, shape: Shape, path: string, owner: string): Json {
  if (json === null) return typeof shape === 'object' ? {} : '';
  if (typeof shape === 'object') return readValue(json, shape, path, owner) ?? {};
  return readLeaf(json, shape, path, owner);
}

function readLeaf(json: Json, shape: Shape & string, path: string, owner: string): Json {
  const kind = shape.replace('?', '');
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
      if (typeof json === 'string') return kind === 'time' ? readTime(json) : readMicroTime(json);
      break;
    case 'bytes':
      if (typeof json === 'string') return readBytes(json);
      break;
    default:
      if (typeof json === 'string') return json;
  }
  throw mismatch(json, path, owner, goType(shape));
}

function isInteger(json: Json, bits: 32 | 53): json is number {
  return Number.isInteger(json) && Math.abs(json as number) <= 2 ** (bits === 32 ? 31 : 53) - 1;
}

/** meta/v1 Time is written in UTC and whole seconds, whatever it was read from. */
function readTime(text: string): string {
  const valid = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const milliseconds = valid ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new ShapeError(unparsed(text, '2006-01-02T15:04:05Z07:00'));
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** meta/v1 MicroTime: exactly six digits after the point, or it is refused. */
function readMicroTime(text: string): string {
  const valid = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(text);
  const milliseconds = valid ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new ShapeError(unparsed(text, '2006-01-02T15:04:05.000000Z07:00'));
  const seconds = new Date(milliseconds).toISOString().slice(0, 19);
  return `${seconds}.${text.slice(20, 26)}Z`;
}

function unparsed(text: string, layout: string): string {
  return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse it`;
}

function readBytes(text: string): string {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new ShapeError('illegal base64 data at input byte 0');
  }
  return text;
}

function goType(shape: Shape): string {
  if (typeof shape === 'object') {
    if ('list' in shape) return `[]${goType(shape.list)}`;
    if ('map' in shape) return `map[string]${goType(shape.map)}`;
    return `v1.${shape.struct}`;
  }
  return { bytes: '[]uint8', time: 'string', microTime: 'string' }[shape as string] ?? shape.replace('?', '');
}

function mismatch(json: Json, path: string, owner: string, type: string): ShapeError {
  const found = Array.isArray(json) ? 'array' : typeof json === 'boolean' ? 'bool' : typeof json;
  const exact = typeof json === 'number' && !Number.isInteger(json) ? `number ${json}` : found;
  if (path === '') return new ShapeError(`json: cannot unmarshal ${exact} into Go value of type ${type}`);
  return new ShapeError(
    `json: cannot unmarshal ${exact} into Go struct field ${owner}.${path} of type ${type}`,
  );
}
