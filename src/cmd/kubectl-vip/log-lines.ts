import { factIn, type HistoryFact } from '../../core/queries/history-facts.ts';
import { readLogLine } from '../../terminal/log-reader.ts';

/** How many lines of a log were read. */
export interface LineCounts {
  /** Of the controller. */
  own: number;
  /** Of the controller, but cut off. */
  broken: number;
  /** Of other programs. */
  foreign: number;
}

/** One log, from its beginning to its end. */
export interface LogSource {
  /** For messages: the path of a file, or the Pod. */
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A longer line is none of the controller's, which cuts each text in a line after 4,000 characters. */
const maxLineLength = 128 * 1024;

/**
 * Yields the lines of a log as they arrive, and holds one chunk and one line at most. A line that is too long is empty. `isWhole`
 * is false for text after the last newline: the log is still being written.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly text: string; readonly isWhole: boolean }> {
  let decoder: TextDecoder | undefined;
  let rest = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk));
    const texts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = texts.pop() ?? '';
    for (const text of texts) {
      yield { text: isTooLong ? '' : text, isWhole: true };
      isTooLong = false;
    }
    if (isTooLong || rest.length > maxLineLength) {
      isTooLong = true;
      rest = '';
    }
  }
  rest += decoder?.decode() ?? '';
  if (rest !== '') yield { text: rest, isWhole: false };
}

/** PowerShell writes UTF-16 into a file. */
function encodingOf([first, second]: Uint8Array): string {
  return first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
}

/** What the lines of a log say, in its order. Counts them in `counts`. */
export async function* factsIn(
  chunks: AsyncIterable<Uint8Array>,
  counts: LineCounts,
): AsyncGenerator<HistoryFact> {
  for await (const { text, isWhole } of linesOf(chunks)) {
    const line = readLogLine(text);
    // The end of a JSON object shows that the line is complete.
    const isCut = line.kind === 'own' && !isWhole && !text.trimEnd().endsWith('}');
    const kind = isCut ? 'broken' : line.kind;
    counts[kind] += 1;
    if (line.kind === 'own' && !isCut) yield factIn(line);
  }
}

export interface SourcedFact {
  readonly fact: HistoryFact;
  /** The position of its source in the list. */
  readonly source: number;
}

/**
 * Merges sources by time, and holds one fact of each. The order within a source is kept, even if its clock was set back. The files of
 * one log may be given in any order.
 */
export async function* mergedByTime(
  sources: readonly AsyncIterator<HistoryFact>[],
): AsyncGenerator<SourcedFact> {
  const heads = new Map<number, HistoryFact>();
  const advance = async (source: number): Promise<void> => {
    const next = await sources[source]?.next();
    if (next === undefined || next.done === true) heads.delete(source);
    else heads.set(source, next.value);
  };
  await Promise.all(sources.map((_, source) => advance(source)));
  while (heads.size > 0) {
    const [source, fact] = [...heads].reduce((a, b) => (b[1].time < a[1].time ? b : a));
    yield { fact, source };
    await advance(source);
  }
}
