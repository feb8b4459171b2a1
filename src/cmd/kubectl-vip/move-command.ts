import type { Api } from '../../client/api.ts';
import type { Log } from '../../client/log.ts';
import { createObserver } from '../../controller/observer.ts';
import { announcementProblem } from '../../core/decide/announcement.ts';
import { patchPools } from '../../core/explain/kubectl-commands.ts';
import type { Service } from '../../core/model/objects.ts';
import { annotations } from '../../core/model/well-known-names.ts';
import {
  exclusionOf,
  type Move,
  type MovePlan,
  planMoves,
  poolsThatGive,
  type Stay,
} from '../../core/queries/drain.ts';
import { printable } from '../../core/text/quote.ts';
import { layOut } from '../../terminal/layout.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import { type ClusterFacts, currentAllocator } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { type ClusterConnection, connect } from './connect.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { IOStreams } from './io-streams.ts';
import { loadCluster, scopeOf } from './load-cluster.ts';
import { requireConfigMapWrite, requireServiceWrites } from './move-permissions.ts';
import { drainRequest, moveRequest, type NamedMoves } from './move-request.ts';
import { type LiveCluster, type MoveOutcome, MoveRun } from './move-run.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import type { Invocation } from './plugin-arguments.ts';
import { readCluster } from './read-cluster.ts';

export type MoveInvocation = Invocation & { readonly command: 'move' | 'drain' };

type Report = (line: string) => void;

/** `move` and `drain`. `report` prints the progress. */
export async function moveServices(
  invocation: MoveInvocation,
  streams: IOStreams,
  report: Report,
): Promise<CommandResult> {
  if (invocation.moving.isDryRun) {
    const { facts, scope } = await loadCluster(invocation, streams, invocation.files, () => ({}));
    const named = requestIn(invocation, facts, scope);
    return planned(named, planMoves(facts.snapshot, named.request, facts.options), facts);
  }
  const connection = await connect(invocation.target, streams, 'write');
  try {
    return await carryOut(invocation, connection, streams, report);
  } finally {
    connection.close();
  }
}

function requestIn(
  { command, positionals, moving }: MoveInvocation,
  facts: ClusterFacts,
  scope: NamespaceScope,
): NamedMoves {
  return command === 'drain'
    ? drainRequest(positionals, moving, scope, facts.snapshot.config)
    : moveRequest(positionals, moving, scope, currentAllocator(facts));
}

async function carryOut(
  invocation: MoveInvocation,
  connection: ClusterConnection,
  streams: IOStreams,
  report: Report,
): Promise<CommandResult> {
  const { api } = connection;
  const { clock, signal } = streams;
  const read = () => readCluster({ api, flags: invocation.settings, wallMs: clock.wall(), signal }, {});
  const facts = await read();
  for (const remark of facts.remarks) streams.writeStderr(remark);
  const named = requestIn(invocation, facts, scopeOf(invocation, connection.connection.namespace));
  const plan = planMoves(facts.snapshot, named.request, facts.options);
  if (plan.moves.length + plan.underWay.length + plan.blocked.length === 0)
    return ended(named, plan, facts, { kind: 'done', why: '', done: [], underWay: [], left: [] }, invocation);
  if (plan.blocked.length > 0) throw new Error(blockedText(plan.blocked));
  if (facts.leadership?.isLed === false)
    throw new Error(`${facts.leadership.sentence} Nothing was changed: the controller moves the Services.`);
  await requireServiceWrites(
    api,
    new Set(plan.moves.map(({ service }) => service.split('/')[0] ?? '')),
    signal,
  );
  for (const line of warnings(invocation, named, facts)) report(line);
  if (invocation.moving.excludes) await exclude(api, named, facts, signal, report);
  report(`Moving ${count(plan.moves.length + plan.underWay.length)} off ${named.subject}.`);
  const outcome = await follow(connection, streams, facts, (cluster) => {
    const replan = async () => {
      const { snapshot, options } = await read();
      return planMoves(snapshot, named.request, options);
    };
    const live = { ...cluster, options: facts.options, replan };
    return new MoveRun(plan, live, invocation.moving, { clock, signal, report }).run();
  });
  return ended(named, plan, facts, outcome, invocation);
}

/** Runs `move` while watches keep an allocator up to date. */
async function follow(
  { api, transport }: ClusterConnection,
  streams: IOStreams,
  { options }: ClusterFacts,
  move: (cluster: Pick<LiveCluster, 'allocator' | 'changed' | 'request'>) => Promise<MoveOutcome>,
): Promise<MoveOutcome> {
  const { clock, random, version, signal, writeStderr } = streams;
  let change = Promise.withResolvers<void>();
  const updated = (): void => {
    const before = change;
    change = Promise.withResolvers();
    before.resolve();
  };
  const log: Log = { info() {}, warn: writeStderr, error: writeStderr };
  const { allocator, run } = createObserver({ transport, options, clock, random, log, version, updated });
  const end = new AbortController();
  const watching = run(end.signal);
  const stop = Promise.withResolvers<never>();
  const interrupt = (): void => updated();
  signal.addEventListener('abort', interrupt);
  watching.catch(stop.reject);
  try {
    while (!allocator.isReady && !signal.aborted) await Promise.race([change.promise, stop.promise]);
    const cluster = { allocator, changed: () => change.promise, request: requester(api) };
    return await Promise.race([move(cluster), stop.promise]);
  } finally {
    signal.removeEventListener('abort', interrupt);
    end.abort(new Error('done'));
    await watching.catch(() => {});
  }
}

/** Sends the one write of a move. An interrupt does not abort it, so that its outcome is known. */
function requester(api: Api): LiveCluster['request'] {
  const never = new AbortController().signal;
  return async ({ service, uid, to }, resourceVersion) => {
    const [namespace = '', name = ''] = service.split('/');
    const patch = { metadata: { uid, resourceVersion, annotations: { [annotations.reallocate]: to } } };
    const { metadata } = await api.mergePatch<Service>(
      `/api/v1/namespaces/${namespace}/services/${name}`,
      patch,
      never,
    );
    return metadata.resourceVersion ?? '';
  };
}

/** Excludes the addresses from automatic allocation. */
async function exclude(
  api: Api,
  { request }: NamedMoves,
  { snapshot, configMap, options }: ClusterFacts,
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  const exclusion = exclusionOf(snapshot.config, request.ranges, configMap?.data ?? {});
  if (configMap === undefined || exclusion === undefined) return;
  await requireConfigMapWrite(api, options.configMap, signal);
  const { namespace, name } = options.configMap;
  const { key, value } = exclusion;
  const { resourceVersion } = configMap.metadata;
  await api.mergePatch(
    `/api/v1/namespaces/${namespace}/configmaps/${name}`,
    { metadata: { resourceVersion }, data: { [key]: value } },
    signal,
  );
  report(`Wrote ${key}: ${value} to the ConfigMap ${namespace}/${name}.`);
}

/** What a person should know before the first write. */
function warnings(invocation: MoveInvocation, named: NamedMoves, facts: ClusterFacts): string[] {
  return [...exclusionAdvice(invocation, named, facts), ...unannounced(invocation, facts)];
}

/** The pools that can assign the addresses again, and how to prevent that. */
function exclusionAdvice(
  { command, moving }: MoveInvocation,
  { request, subject }: NamedMoves,
  { snapshot, configMap, options }: ClusterFacts,
): string[] {
  const keys = poolsThatGive(snapshot.config, request.ranges);
  const exclusion = exclusionOf(snapshot.config, request.ranges, configMap?.data ?? {});
  if (command !== 'drain' || moving.excludes || exclusion === undefined) return [];
  return [
    `${subject} is still in ${keys.length === 1 ? 'pool' : 'pools'} ${keys.join(', ')}, which can assign these addresses again. To exclude them, add --exclude, or run:`,
    patchPools(options, exclusion.key, exclusion.value),
  ];
}

/** If an earlier move was not announced, the next one will not be announced either. */
function unannounced({ moving }: MoveInvocation, facts: ClusterFacts): string[] {
  if (moving.wait !== 'announced') return [];
  const allocator = currentAllocator(facts);
  const services = [...allocator.ledger.all()].flatMap(({ key, view }) => {
    const decision = allocator.explain(key)?.decision;
    return decision !== undefined && announcementProblem(view, decision) !== undefined ? [key] : [];
  });
  const [first] = services.sort();
  return first === undefined
    ? []
    : [
        `The status of ${count(services.length)} does not show the assigned address, such as ${first}. If kube-vip does not announce that one, it may not announce those that are moved either.`,
      ];
}

function blockedText(blocked: readonly Stay[]): string {
  const some = blocked
    .slice(0, maxNamed)
    .map(({ service, addresses, why }) => `${service} (${addresses}): ${why}`);
  const more = blocked.length > maxNamed ? [`and ${blocked.length - maxNamed} more`] : [];
  return [
    `There is no address to move ${count(blocked.length)} to. Nothing was changed.`,
    ...some,
    ...more,
  ].join('\n');
}

const maxNamed = 10;

function count(services: number): string {
  return services === 1 ? '1 Service' : `${services} Services`;
}

/** The result of a dry run. */
function planned({ subject }: NamedMoves, plan: MovePlan, facts: ClusterFacts): CommandResult {
  const { moves, underWay, blocked, left } = plan;
  const all = [...underWay, ...moves];
  return {
    value: { kind: 'MovePlan', subject, ...plan, source: sourceOf(facts) },
    lines: (output) => [
      ...(all.length === 0 ? [] : [...movesTable(all, output), '']),
      ...staysLines('No address to move to', blocked, output),
      ...staysLines('Left as they are', left, output),
      `${count(all.length)} would be moved off ${subject}. Nothing was changed.`,
      '',
      ...footnotes(facts, output),
    ],
    exitCode: blocked.length > 0 ? 1 : 0,
  };
}

function ended(
  { subject }: NamedMoves,
  plan: MovePlan,
  facts: ClusterFacts,
  outcome: MoveOutcome,
  { argv }: MoveInvocation,
): CommandResult {
  const { kind, why, done, underWay, left } = outcome;
  const goOn = `kubectl vip ${argv.map(inShell).join(' ')}`;
  const counts = `${done.length} moved, ${underWay.length} under way, ${left.length} left.`;
  const end = {
    done: [`Moved ${count(done.length)} off ${subject}.`],
    stopped: [`Stopped: ${why}`, counts, 'To go on, run:', goOn],
    interrupted: [
      `Interrupted: ${counts}${underWay.length > 0 ? ' The controller completes what is under way.' : ''}`,
      'To go on, run:',
      goOn,
    ],
  };
  return {
    value: {
      kind: 'MoveResult',
      subject,
      state: kind,
      ...(why === '' ? {} : { why }),
      done,
      underWay,
      left,
      leftAsTheyAre: plan.left,
      source: sourceOf(facts),
    },
    lines: (output) => [
      ...staysLines('Left as they are', plan.left, output),
      ...end[kind].flatMap((line) => (line === goOn ? [line] : wrapWords(printable(line), output.width))),
    ],
    exitCode: kind === 'done' ? 0 : 1,
  };
}

function movesTable(moves: readonly Move[], { width, ansi }: OutputOptions): string[] {
  const heads = [{ title: 'SERVICE', least: 20 }, { title: 'FROM' }, { title: 'TO' }];
  const rows = moves.map(({ service, from, to }) => [{ text: service }, { text: from }, { text: to }]);
  return layOut(heads, rows, width, ansi.bold);
}

function staysLines(heading: string, stays: readonly Stay[], { width }: OutputOptions): string[] {
  if (stays.length === 0) return [];
  const lines = stays.flatMap(({ service, addresses, why }) =>
    wrapWords(printable(`  ${service} (${addresses}): ${why}`), width),
  );
  return [`${heading}:`, ...lines, ''];
}

/** A word for a user's shell. */
function inShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
