import { errorText } from '../../client/errors.ts';
import { textsOf } from '../../core/model/address-list.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../../core/model/service-view.ts';
import { History, type HistoryAnswer, type HistoryQuery } from '../../core/queries/history.ts';
import type { HistoryFact } from '../../core/queries/history-facts.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { printable } from '../../core/text/quote.ts';
import type { IOStreams } from './io-streams.ts';
import { factsIn, type LineCounts, type LogSource, mergedByTime } from './log-lines.ts';

/** What was read, and what it says. */
export interface HistoryReport {
  readonly query: HistoryQuery;
  readonly answer: HistoryAnswer;
  readonly counts: LineCounts;
  /** The names of the logs. */
  readonly sources: readonly string[];
  /** The time of the first and the last line of the logs. */
  readonly covered: { readonly begins: number; readonly ends: number };
  /** Whether the Services of the cluster were read after the logs. */
  readonly isCurrent: boolean;
  /** A Service in the logs with a similar name, if the one that was asked for is not in them. */
  readonly suggestion: ServiceKey | undefined;
}

/** So many names of Services are kept for suggestions. */
const maxNames = 5_000;

/** Reads the sources of a history: logs side by side, then the Services of the cluster. */
export class HistoryReader {
  readonly #query: HistoryQuery;
  readonly #sources: readonly LogSource[];
  readonly #remembered: readonly HistoryFact[];
  readonly #history: History;
  readonly #counts: LineCounts = { own: 0, broken: 0, foreign: 0 };
  readonly #names = new Set<ServiceKey>();
  readonly #failures: unknown[] = [];
  #covered: HistoryReport['covered'] | undefined;
  #isCurrent = false;

  /** `remembered`: facts that are not in a log, in the order of time. */
  constructor(query: HistoryQuery, sources: readonly LogSource[], remembered: readonly HistoryFact[] = []) {
    this.#query = query;
    this.#sources = sources;
    this.#remembered = remembered;
    this.#history = new History(query);
  }

  /** Reads all sources side by side. Rejects if none of them has a line of the controller. */
  async read({ signal, writeStderr }: IOStreams): Promise<void> {
    const facts = this.#sources.map((source) => this.#readOne(source, signal, writeStderr));
    const remembered = this.#readRemembered();
    for await (const { fact, source } of mergedByTime([...facts, remembered])) {
      this.#history.add(fact, source);
      this.#remember(fact);
      if (source < facts.length) this.#cover(fact.time);
    }
    if (this.#covered !== undefined) return;
    if (this.#failures.length === this.#sources.length) throw this.#failures[0];
    const names = this.#sources.map(({ name }) => printable(name)).join(', ');
    throw new Error(
      `There is no line of the controller's log in ${names}. Its lines begin with {"time": or, with --log-format=text, with the time.`,
    );
  }

  async *#readRemembered(): AsyncGenerator<HistoryFact> {
    yield* this.#remembered;
  }

  #cover(time: number): void {
    const { begins = time, ends = time } = this.#covered ?? {};
    this.#covered = { begins: Math.min(begins, time), ends: Math.max(ends, time) };
  }

  /** A source that cannot be read to its end is used as far as it goes, with a remark. */
  async *#readOne(
    { name, bytes }: LogSource,
    signal: AbortSignal,
    writeStderr: (lines: string) => void,
  ): AsyncGenerator<HistoryFact> {
    try {
      yield* factsIn(bytes, this.#counts);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failures.push(error);
      writeStderr(`${printable(name)} cannot be read to its end: ${printable(errorText(error))}`);
    }
  }

  #remember(fact: HistoryFact): void {
    for (const name of servicesOf(fact)) if (this.#names.size < maxNames) this.#names.add(name);
  }

  addCurrent(views: readonly ServiceView[], wallMs: number): void {
    const holders = views.flatMap((view) => {
      const { record, uid } = view;
      const isOwn = record !== undefined && record.uid === uid && record.addresses.entries.length > 0;
      return isOwn ? [{ service: keyOf(view), addresses: textsOf(record.addresses) }] : [];
    });
    // The clock of this machine may be behind the cluster's.
    const time = Math.max(wallMs, this.#covered?.ends ?? 0);
    const current: HistoryFact = { kind: 'holders', time, holders, part: 1, parts: 1 };
    this.#history.add(current, this.#sources.length + 1);
    this.#remember(current);
    this.#isCurrent = true;
  }

  report(): HistoryReport {
    const query = this.#query;
    const answer = this.#history.answer();
    const { periods, conflicts } = answer;
    const isKnown = periods.length > 0 || conflicts.length > 0;
    return {
      query,
      answer,
      counts: this.#counts,
      sources: this.#sources.map(({ name }) => name),
      covered: this.#covered ?? { begins: 0, ends: 0 },
      isCurrent: this.#isCurrent,
      suggestion:
        'service' in query && !isKnown && !this.#names.has(query.service)
          ? nearestWord(query.service, [...this.#names])
          : undefined,
    };
  }
}

function servicesOf(fact: HistoryFact): readonly ServiceKey[] {
  if (fact.kind === 'other') return [];
  return fact.kind === 'holders' ? fact.holders.map(({ service }) => service) : [fact.service];
}
