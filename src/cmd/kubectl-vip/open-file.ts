import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { printable } from '../../core/text/quote.ts';
import { reasonFor } from '../../manifest/read-text.ts';

interface FileContext {
  readonly stdin: NodeJS.ReadStream;
  readonly signal: AbortSignal;
  readonly writeStderr: (lines: string) => void;
}

/** Reads a file, or standard input for `-`, as it arrives. What is compressed with gzip is decompressed. */
export async function openFile(
  path: string,
  { stdin, signal, writeStderr }: FileContext,
): Promise<AsyncIterable<Uint8Array>> {
  if (path === '-') {
    if (stdin.isTTY) writeStderr('Reading a log from standard input; end with Ctrl-D.');
    return decompressed(addAbortSignal(signal, stdin));
  }
  const stream = createReadStream(path, { signal });
  try {
    // A folder can be opened, and reading it fails.
    await once(stream, 'readable');
    return decompressed(stream);
  } catch (error) {
    throw new Error(`${printable(path)} cannot be read: ${reasonFor(error)}`);
  }
}

/** The first two bytes of gzip (RFC 1952). */
const magic = [0x1f, 0x8b] as const;

async function* decompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const all = (async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  })();
  if (magic.some((byte, i) => first.value[i] !== byte)) yield* all;
  // The error of either is thrown by the iteration.
  else yield* pipeline(Readable.from(all), createGunzip(), () => {});
}
