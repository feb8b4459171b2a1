import type { KubeObject } from '../core/model/objects.ts';

/** A piece of a list, in its order; the last piece has the version, and may have no objects. */
export interface ListPart {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion?: string;
}

/** What came is not a list, or not the whole of it. */
export class MalformedList extends Error {
  override readonly name = 'MalformedList';
}

export interface ListPartsOptions {
  /** How long one object may be, in bytes. */
  longest?: number | undefined;
  /** Whether who wrote which field is wanted. */
  managedFields?: boolean;
}

/** What is gathered between two places where an object may end. etcd refuses objects over 1.5 MiB; this is far above. */
const LONGEST_PIECE = 64 * 1024 * 1024;

const BEGIN = Buffer.from('"items":[');
/** As kube-apiserver writes it, where one object ends and the next begins. */
const BETWEEN = Buffer.from('},{"metadata":');

/**
 * Reads a list while it arrives, an object at a time, so that never more of it is in memory than one object and one piece
 * of bytes. An object may end at `BETWEEN`. Whether it does is asked of JSON.parse: no object is the beginning of another
 * one, so what can be read from its first byte to there is the object, and where it cannot, the place was inside it. Whoever
 * writes lists in another way is read right, too, only not before the end.
 */
export async function* listParts(
  chunks: AsyncIterable<Uint8Array>,
  { longest = LONGEST_PIECE, managedFields = false }: ListPartsOptions = {},
): AsyncGenerator<ListPart> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let head: string | undefined;
  /** What has come since the last object that was read; put together only where one may end. */
  let pieces: Uint8Array[] = [];
  let length = 0;
  let seam = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pieces.push(chunk);
    length += chunk.length;
    if (length > longest) throw new MalformedList(`an object is longer than ${longest} bytes`);
    const near = Buffer.concat([seam, chunk]);
    seam = Buffer.from(near.subarray(-BETWEEN.length));
    if (!near.includes(head === undefined ? BEGIN : BETWEEN)) continue;
    let pending = Buffer.concat(pieces);
    if (head === undefined) {
      const begin = pending.indexOf(BEGIN) + BEGIN.length;
      head = decoder.decode(pending.subarray(0, begin));
      pending = pending.subarray(begin);
    }
    const { objects, end } = objectsIn(pending, decoder, managedFields);
    // A copy: a view would keep the whole piece that it came in.
    pieces = [Buffer.from(pending.subarray(end))];
    length = pending.length - end;
    if (objects.length > 0) yield { objects };
  }
  yield readEnd((head ?? '') + decoder.decode(Buffer.concat(pieces)));
}

/** The whole objects that the bytes begin with, and where what is behind the last of them begins. */
function objectsIn(
  bytes: Buffer,
  decoder: TextDecoder,
  managedFields: boolean,
): { objects: KubeObject[]; end: number } {
  const objects: KubeObject[] = [];
  let end = 0;
  for (let at = bytes.indexOf(BETWEEN); at >= 0; at = bytes.indexOf(BETWEEN, at + 1)) {
    const text = decoder.decode(bytes.subarray(end, at + 1));
    const object = readObject(managedFields ? text : withoutManagedFields(text));
    if (object === undefined) continue;
    objects.push(object);
    end = at + 2;
  }
  return { objects, end };
}

function readObject(text: string): KubeObject | undefined {
  try {
    return JSON.parse(text) as KubeObject;
  } catch {
    return undefined;
  }
}

/**
 * Who wrote which field is half of an object or more, and hardly anybody reads it of a list: where it stands as kube-apiserver
 * writes it, last in the metadata, it is left out before it costs anything. Inside of a text all quotes are escaped, so
 * what is found is no text of a user's.
 */
function withoutManagedFields(text: string): string {
  const from = text.indexOf(',"managedFields":[');
  const to = from < 0 ? -1 : text.indexOf(']},"spec":{', from);
  return to < 0 ? text : text.slice(0, from) + text.slice(to + 1);
}

/** The list without what was read of it. */
function readEnd(text: string): ListPart {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new MalformedList(`the answer is not JSON: ${text.trim().slice(0, 80)}`, { cause });
  }
  if (typeof list === 'object' && list !== null && 'metadata' in list) {
    const { metadata, items } = list as { metadata: unknown; items?: unknown };
    const { resourceVersion, continue: next } = (metadata ?? {}) as Record<string, unknown>;
    // Only who asks for pages is answered with one. Part of a world would look like deletions.
    if (typeof next === 'string' && next !== '')
      throw new MalformedList('the answer is only a part of the list');
    // Go writes an empty list as null where nobody made the slice.
    const objects: unknown = items ?? [];
    if (typeof resourceVersion === 'string' && Array.isArray(objects)) return { objects, resourceVersion };
  }
  throw new MalformedList('the answer is not a list');
}
