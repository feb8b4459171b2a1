import type { KubeObject } from '../core/model/objects.ts';

/** Consecutive objects of a list. The last part has the resourceVersion, and may have no objects. */
export interface ListPart {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion?: string;
}

/** The response is not a list, or not a complete one. */
export class MalformedList extends Error {
  override readonly name = 'MalformedList';
}

export interface ListPartsOptions {
  /** The maximum size of one object, in bytes. */
  maxBytes?: number | undefined;
  /** Whether to keep metadata.managedFields. */
  managedFields?: boolean;
}

/**
 * The maximum buffer between two possible object boundaries. etcd rejects objects over 1.5 MiB; this is far
 * above.
 */
const MAX_BUFFER_BYTES = 64 * 1024 * 1024;

const ITEMS_START = Buffer.from('"items":[');
/** The boundary between two objects, as kube-apiserver writes it. */
const ITEM_BOUNDARY = Buffer.from('},{"metadata":');

/**
 * Parses a list while it arrives, one object at a time, so that memory holds at most one object and one chunk
 * of it. An object may end at `ITEM_BOUNDARY`, which may also occur inside an object. JSON.parse decides: no
 * object is a proper prefix of another, so if the text up to the boundary parses, it is the object. Lists
 * formatted differently are also parsed correctly, but only at their end.
 */
export async function* listParts(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes = MAX_BUFFER_BYTES, managedFields = false }: ListPartsOptions = {},
): AsyncGenerator<ListPart> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let head: string | undefined;
  /** Chunks since the last parsed object; concatenated only if an object may end in them. */
  let pieces: Uint8Array[] = [];
  let length = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pieces.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw new MalformedList(`an object is longer than ${maxBytes} bytes`);
    const window = Buffer.concat([tail, chunk]);
    tail = Buffer.from(window.subarray(-ITEM_BOUNDARY.length));
    if (!window.includes(head === undefined ? ITEMS_START : ITEM_BOUNDARY)) continue;
    let pending = Buffer.concat(pieces);
    if (head === undefined) {
      const begin = pending.indexOf(ITEMS_START) + ITEMS_START.length;
      head = decoder.decode(pending.subarray(0, begin));
      pending = pending.subarray(begin);
    }
    const { objects, end } = objectsIn(pending, decoder, managedFields);
    // A copy, because a view would keep the whole buffer alive.
    pieces = [Buffer.from(pending.subarray(end))];
    length = pending.length - end;
    if (objects.length > 0) yield { objects };
  }
  yield parseRemainder((head ?? '') + decoder.decode(Buffer.concat(pieces)));
}

/** Returns the complete objects at the start of the bytes, and the offset after the last of them. */
function objectsIn(
  bytes: Buffer,
  decoder: TextDecoder,
  managedFields: boolean,
): { objects: KubeObject[]; end: number } {
  const objects: KubeObject[] = [];
  let end = 0;
  for (let at = bytes.indexOf(ITEM_BOUNDARY); at >= 0; at = bytes.indexOf(ITEM_BOUNDARY, at + 1)) {
    const text = decoder.decode(bytes.subarray(end, at + 1));
    const object = parseObject(managedFields ? text : withoutManagedFields(text));
    if (object === undefined) continue;
    objects.push(object);
    end = at + 2;
  }
  return { objects, end };
}

function parseObject(text: string): KubeObject | undefined {
  try {
    return JSON.parse(text) as KubeObject;
  } catch {
    return undefined;
  }
}

/**
 * Removes managedFields before parsing: they are half of an object or more, and lists rarely need them.
 * kube-apiserver writes them last in the metadata. Quotes inside JSON strings are escaped, so the pattern
 * cannot match a user's text.
 */
function withoutManagedFields(text: string): string {
  const from = text.indexOf(',"managedFields":[');
  const to = from < 0 ? -1 : text.indexOf(']},"spec":{', from);
  return to < 0 ? text : text.slice(0, from) + text.slice(to + 1);
}

/** Parses the list without the objects that were already read. */
function parseRemainder(text: string): ListPart {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new MalformedList(`the response is not JSON: ${text.trim().slice(0, 80)}`, { cause });
  }
  if (typeof list === 'object' && list !== null && 'metadata' in list) {
    const { metadata, items } = list as { metadata: unknown; items?: unknown };
    const { resourceVersion, continue: next } = (metadata ?? {}) as Record<string, unknown>;
    // We never ask for pages. The missing objects would look like deletions.
    if (typeof next === 'string' && next !== '')
      throw new MalformedList('the response is only part of the list');
    // Go writes an empty list as null if the slice is nil.
    const objects: unknown = items ?? [];
    if (typeof resourceVersion === 'string' && Array.isArray(objects)) return { objects, resourceVersion };
  }
  throw new MalformedList('the response is not a list');
}
