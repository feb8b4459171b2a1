/** The longest line that is gathered. etcd refuses objects over 1.5 MiB; this is far above, and still bounded. */
const LONGEST_LINE = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/** A line is not JSON, not UTF-8 or without end: the stream cannot be trusted any further. */
export class MalformedLine extends Error {
  override readonly name = 'MalformedLine';
}

/**
 * A stream of bytes to the JSON values that stand in it one a line, as a watch sends them. Bytes are gathered up to
 * the newline and decoded then: in UTF-8 no byte of a longer character looks like a newline, so a character cut
 * in two by the network needs no care of its own. A last line without a newline was cut off and is left out.
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number = LONGEST_LINE,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, end));
      checkLength(pendingBytes + end - start, longest);
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
      checkLength(pendingBytes, longest);
    }
  }
}

function checkLength(bytes: number, longest: number): void {
  if (bytes > longest) throw new MalformedLine(`a line is longer than ${longest} bytes`);
}

/** Undefined for a blank line. */
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
