import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import { formatAddress } from '../../core/ip/address.ts';
import type { HistoryQuery } from '../../core/queries/history.ts';
import { factsOfTombstones } from '../../core/queries/history-facts.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import type { ClusterContext } from './cluster-context.ts';
import type { CommandResult } from './command-result.ts';
import { connect } from './connect.ts';
import { readSettings } from './controller-settings.ts';
import { servicesIn } from './explain-command.ts';
import { historyLines, historyValue } from './history-output.ts';
import { HistoryReader, type HistoryReport } from './history-reader.ts';
import type { IOStreams } from './io-streams.ts';
import { scopeOf } from './load-cluster.ts';
import type { LogSource } from './log-lines.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import type { Invocation } from './plugin-arguments.ts';
import { podLogs } from './pod-logs.ts';
import { readClaims, readServices } from './read-cluster.ts';
import { rangeIn } from './who-command.ts';

/** `history ADDRESS|service/NAME` */
export async function history(invocation: Invocation, streams: IOStreams): Promise<CommandResult> {
  // A mistake in it is reported before anything is read.
  queryIn(invocation.positionals, scopeOf(invocation, undefined));
  const report =
    invocation.files.length > 0
      ? await fromFiles(invocation, streams)
      : await fromCluster(invocation, streams);
  return {
    value: historyValue(report),
    lines: (output) => historyLines(report, output),
    exitCode: 0,
  };
}

/** An address in any notation, else a Service in any form that `explain` accepts. */
export function queryIn(positionals: readonly string[], scope: NamespaceScope): HistoryQuery {
  const [first] = positionals;
  if (first === undefined)
    throw new Error('Specify an address or a Service, for example:\nkubectl vip history 192.168.0.201');
  const entry = parsePoolEntry(first.trim());
  // The name of a Service begins with a letter and has no dot or colon, and an address has one of them.
  const isAddress = !first.includes('/') && /[.:]|^\d/.test(first);
  if ('fault' in entry && !isAddress) {
    const [service, another] = servicesIn(positionals, scope);
    if (service === undefined || another !== undefined)
      throw new Error('Specify one Service at a time, for example:\nkubectl vip history service/web -n shop');
    return { service };
  }
  if (positionals.length > 1)
    throw new Error('Specify one address at a time, for example:\nkubectl vip history 192.168.0.201');
  const { family, first: value, last } = rangeIn(first);
  if (value !== last)
    throw new Error(
      `${quoted(first)} has several addresses. Specify one at a time. To see which Services have them now, run:\nkubectl vip who ${printable(first)}`,
    );
  return { address: formatAddress({ family, value }) };
}

async function fromFiles(invocation: Invocation, streams: IOStreams): Promise<HistoryReport> {
  const { positionals, files } = invocation;
  const sources: LogSource[] = [];
  for (const path of files)
    sources.push({ name: path === '-' ? 'standard input' : path, bytes: await streams.openFile(path) });
  const reader = new HistoryReader(queryIn(positionals, scopeOf(invocation, undefined)), sources);
  await reader.read(streams);
  return reader.report();
}

async function fromCluster(invocation: Invocation, streams: IOStreams): Promise<HistoryReport> {
  const { api, connection, close } = await connect(invocation.target, streams);
  try {
    const { clock, signal } = streams;
    const context = { api, flags: invocation.settings, wallMs: clock.wall(), signal };
    const query = queryIn(invocation.positionals, scopeOf(invocation, connection.namespace));
    const remarks: string[] = [];
    const { deployment, options, remarks: doubts } = await readSettings(context, remarks);
    const claims = options.claims ? await readClaims(context, options, remarks) : [];
    for (const remark of [...doubts, ...remarks]) streams.writeStderr(remark);
    if (deployment === undefined)
      throw new Error(
        'There is no Deployment of the controller whose Pods have a log, or you cannot read it. Name it with --deployment NAMESPACE/NAME, or read a log with -f FILE.',
      );
    const reader = new HistoryReader(
      query,
      await podLogs(context, deployment),
      factsOfTombstones(claims ?? []),
    );
    await reader.read(streams);
    await addCurrent(reader, context, streams);
    return reader.report();
  } finally {
    close();
  }
}

/** Adds which Services have addresses now. They are read after the logs, because what is missing in them has ended. */
async function addCurrent(
  reader: HistoryReader,
  context: ClusterContext,
  { clock, writeStderr }: IOStreams,
): Promise<void> {
  try {
    const { items } = await readServices(context, {});
    reader.addCurrent(
      items.map(({ view }) => view),
      clock.wall(),
    );
  } catch (error) {
    if (context.signal.aborted) throw error;
    writeStderr('Skipped: you cannot list Services in all namespaces, so the answer ends with the log.');
  }
}
