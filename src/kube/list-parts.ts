import type { KubeObject } from '../core/objects.ts';

/** A piece of a list, in its order; the last piece has the version, and may have no objects. */
export interface ListPart {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion?: string;
}

/** What came is not a list, or not the whole of it. */
export class MalformedList extends Error {
  override readonly name = 'MalformedList';
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
  longest: number = LONGEST_PIECE,
): AsyncGenerator<ListPart> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let head: string | undefined;
  let pending: Buffer = Buffer.alloc(0);
  /** Up to here `pending` has been searched. */
  let searched = 0;
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? asBuffer(chunk) : Buffer.concat([pending, chunk]);
    if (head === undefined) {
      const begin = pending.indexOf(BEGIN, Math.max(0, searched - BEGIN.length));
      searched = pending.length;
      if (begin >= 0) {
        head = decoder.decode(pending.subarray(0, begin + BEGIN.length));
        pending = pending.subarray(begin + BEGIN.length);
        searched = 0;
      }
    }
    if (head !== undefined) {
      const objects: KubeObject[] = [];
      let start = 0;
      let end = pending.indexOf(BETWEEN, Math.max(0, searched - BETWEEN.length));
      while (end >= 0) {
        const object = readObject(decoder.decode(pending.subarray(start, end + 1)));
        if (object !== undefined) {
          objects.push(object);
          start = end + 2;
        }
        end = pending.indexOf(BETWEEN, end + 1);
      }
      // A copy: a view would keep the whole piece that it came in.
      pending = start === 0 ? pending : Buffer.from(pending.subarray(start));
      searched = pending.length;
      if (objects.length > 0) yield { objects };
    }
    if (pending.length > longest) throw new MalformedList(`an object is longer than ${longest} bytes`);
  }
  yield readEnd((head ?? '') + decoder.decode(pending));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readObject(text: string): KubeObject | undefined {
  try {
    return JSON.parse(withoutManagedFields(text)) as KubeObject;
  } catch {
    return undefined;
  }
}

/**
 * Who wrote which field is half of an object or more, and nobody here reads it of a list: where it stands as kube-apiserver
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
