/** The maximum line length. etcd rejects objects over 1.5 MiB; this is far above, and still bounded. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/** A line that is not JSON, not UTF-8 or too long: the rest of the stream cannot be trusted. */
export class MalformedLine extends Error {
  override readonly name = 'MalformedLine';
}

/**
 * Parses a stream of newline-delimited JSON, as a watch sends it. Bytes are decoded per line: no byte of a
 * multi-byte UTF-8 character equals a newline, so characters split between chunks are handled. A last line
 * without a newline was cut off and is ignored.
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, end));
      checkLength(pendingBytes + end - start, maxBytes);
      const line = pending.length === 1 ? chunk.subarray(start, end) : Buffer.concat(pending);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      const value = parseLine(decoder, line);
      if (value !== undefined) yield value;
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      checkLength(pendingBytes, maxBytes);
    }
  }
}

function checkLength(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new MalformedLine(`a line is longer than ${maxBytes} bytes`);
}

/** Returns undefined for a blank line. */
function parseLine(decoder: TextDecoder, line: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch (error) {
    throw new MalformedLine('a line is not UTF-8', { cause: error });
  }
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedLine(`a line is not JSON: ${excerpt(text)}`, { cause: error });
  }
}

function excerpt(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
