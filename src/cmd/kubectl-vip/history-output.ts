import { staticSource, unknownSource } from '../../core/model/allocation-record.ts';
import type { HeldPeriod, HistoryQuery, Moment, PastConflict } from '../../core/queries/history.ts';
import { printable } from '../../core/text/quote.ts';
import { layOut } from '../../terminal/layout.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { OutputOptions } from './command-result.ts';
import type { HistoryReport } from './history-reader.ts';

/** A history for programs. */
export function historyValue(report: HistoryReport): object {
  const { query, answer, counts, sources, covered } = report;
  const { periods, conflicts, isCompleteFrom } = answer;
  return {
    kind: 'AddressHistory',
    ...query,
    items: periods.map(({ service, address, from, until, assigned, source, ended }) => ({
      service,
      address,
      from: momentValue(from),
      until: until === undefined ? null : momentValue(until),
      ...(assigned === undefined ? {} : { assigned }),
      ...(source === undefined ? {} : { source }),
      ...(ended === undefined ? {} : { ended }),
    })),
    conflicts: conflicts.map(({ time, service, address, holder }) => ({
      time: timeText(time),
      service,
      address,
      ...(holder === undefined ? {} : { holder }),
    })),
    log: {
      sources,
      begins: timeText(covered.begins),
      ends: timeText(covered.ends),
      ...(isCompleteFrom === undefined ? {} : { completeFrom: timeText(isCompleteFrom) }),
      lines: counts.own,
      skippedLines: counts.broken,
    },
    notes: notesOn(report),
  };
}

function momentValue({ time, isExact, after }: Moment): object {
  return { time: timeText(time), isExact, ...(after === undefined ? {} : { after: timeText(after) }) };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** In whole seconds, for people. */
function shortTime(ms: number): string {
  return timeText(ms).replace(/\.\d+Z$/, 'Z');
}

/** A history for people. */
export function historyLines(report: HistoryReport, output: OutputOptions): string[] {
  const { answer, query } = report;
  const { width, ansi } = output;
  const wrapped = (text: string): string[] => wrapWords(printable(text), width);
  const isEmpty = answer.periods.length === 0;
  const conflicts = answer.conflicts.flatMap((conflict) => wrapped(`- ${conflictText(conflict)}`));
  return [
    ...(isEmpty ? wrapped(nothingFound(report)) : tableOf(report, 'service' in query, output)),
    ...(conflicts.length === 0 ? [] : ['', ansi.bold('Conflicts'), ...conflicts]),
    '',
    ...notesOn(report).flatMap((note) => wrapped(note).map(ansi.dim)),
  ];
}

function nothingFound({ query, answer, covered, isCurrent, suggestion }: HistoryReport): string {
  const { isCompleteFrom } = answer;
  const until = isCurrent ? 'now' : shortTime(covered.ends);
  const what = 'service' in query ? `Service ${query.service}` : query.address;
  if (suggestion !== undefined)
    return `The log does not mention ${what}. Did you mean ${suggestion.split('/')[1]} in namespace ${suggestion.split('/')[0]}?`;
  if (isCompleteFrom === undefined) return `The log does not say that ${held(query)}.`;
  return 'service' in query
    ? `${what} had no address from ${shortTime(isCompleteFrom)} until ${until}.`
    : `No Service had ${what} from ${shortTime(isCompleteFrom)} until ${until}.`;
}

function held(query: HistoryQuery): string {
  return 'service' in query ? `Service ${query.service} had an address` : `a Service had ${query.address}`;
}

function tableOf(
  { answer, isCurrent }: HistoryReport,
  isOfService: boolean,
  output: OutputOptions,
): string[] {
  const { width, ansi, isWide } = output;
  const heads = [
    isOfService ? { title: 'ADDRESS' } : { title: 'SERVICE', least: 20 },
    { title: 'FROM' },
    { title: 'UNTIL' },
    { title: 'ASSIGNED', least: 16 },
    { title: 'ENDED', least: 16 },
  ];
  const cells = answer.periods.map((period) => {
    const { service, address, from, until } = period;
    const end = until === undefined ? (isCurrent ? 'now' : 'end of log') : momentText(until, isWide);
    return [
      { text: isOfService ? address : service },
      { text: momentText(from, isWide) },
      { text: end, ...(until === undefined ? { paint: ansi.green } : {}) },
      { text: assignedText(period) },
      { text: endedText(period) },
    ];
  });
  return layOut(heads, cells, width, ansi.bold);
}

function momentText({ time, isExact, after }: Moment, isWide: boolean): string {
  if (isExact) return shortTime(time);
  return `${isWide && after !== undefined ? `after ${shortTime(after)}, ` : ''}before ${shortTime(time)}`;
}

function assignedText({ assigned, source }: HeldPeriod): string {
  const pool = source === undefined || source === staticSource || source === unknownSource ? '' : source;
  switch (assigned) {
    case undefined:
      return '-';
    case 'allocate':
      return `from ${pool}`;
    case 'share':
      return `shared, from ${pool}`;
    default:
      return causeTexts[assigned] ?? assigned;
  }
}

function endedText({ ended }: HeldPeriod): string {
  return ended === undefined ? '-' : (causeTexts[ended] ?? ended);
}

/** Why an address was assigned, or why the Service has another one or none since. */
const causeTexts: Readonly<Record<string, string>> = {
  'mark-static': 'requested by name',
  families: 'IP families changed',
  ports: 'ports changed',
  pools: 'other pool named',
  reallocate: 'reallocated',
  deleted: 'Service deleted',
  'type-changed': 'type changed',
  edited: 'Service edited',
  unknown: 'not in the log',
  remembered: 'freed',
};

function conflictText({ time, service, address, holder }: PastConflict): string {
  const what =
    holder === undefined
      ? `${service} had ${address}, and others requested or claimed it`
      : `${service} requested ${address}, which ${holder} had`;
  return `${shortTime(time)}: ${what}.`;
}

/** What the answer is based on, and what it does not contain. */
function notesOn({ answer, counts, sources, covered, isCurrent }: HistoryReport): string[] {
  const { dropped, droppedConflicts, isCompleteFrom, stepBack, periods } = answer;
  const logs = sources.length === 1 ? sources[0] : `${sources.length} logs`;
  const ended = periods.some((period) => period.ended === 'unknown');
  return [
    `Read ${counts.own} lines of ${logs}, from ${shortTime(covered.begins)} to ${shortTime(covered.ends)}${isCurrent ? ', and the Services of the cluster' : ''}.`,
    ...(isCompleteFrom === undefined || isCompleteFrom > covered.ends
      ? [
          'The log does not list which Services have addresses, as the controller does when its leadership begins, so it may lack Services that had the address before.',
        ]
      : []),
    ...(ended
      ? [
          'What is not in the log happened while no controller was running, or in a part of its log that is missing.',
        ]
      : []),
    ...(counts.broken > 0
      ? [
          `${counts.broken === 1 ? '1 line is cut off and was' : `${counts.broken} lines are cut off and were`} skipped.`,
        ]
      : []),
    ...(stepBack === undefined
      ? []
      : [
          `The time goes back from ${shortTime(stepBack.from)} to ${shortTime(stepBack.to)}, so a clock was set, or the log contains several. The order of its lines counts.`,
        ]),
    ...(dropped > 0 ? [`${dropped} earlier periods are not shown.`] : []),
    ...(droppedConflicts > 0 ? [`${droppedConflicts} earlier conflicts are not shown.`] : []),
  ];
}
