import type { ConfigMap, KubeObject, Service } from '../../src/core/model/objects.ts';
import type { Data } from '../core/naive-pools.ts';
import { type Action, apply } from './actions.ts';
import type { Automaton } from './automaton.ts';
import { objectKey } from './cluster.ts';
import { isIn, isServiceWrite, isWrite, type Request, type Stream } from './requests.ts';
import type { Act, FaultKind, Scope } from './scope.ts';
import { beginning } from './search.ts';
import { dataIn, nextChange, type World } from './world.ts';

const streams: Readonly<Record<Stream, string>> = {
  services: 'the Services of type LoadBalancer',
  others: 'the Services of other types',
  cleanup: 'the Services to clean up',
  configmap: 'the ConfigMap',
  claims: 'the IPAddresses',
};

/** A change of the type of a Service is an event of several watches. */
const watches: Partial<Readonly<Record<Stream, string>>> = {
  others: 'The watch of the Services of other types',
  cleanup: 'The watch of the Services to clean up',
};

/** A story as a numbered list that a person can follow. */
export async function tell(story: readonly Action[], scope: Scope, automaton: Automaton): Promise<string[]> {
  let world = await beginning(scope, automaton);
  const lines = [`0. ${start(world)}`];
  for (const [i, action] of story.entries()) {
    const { world: next } = await apply(world, action, scope, automaton);
    lines.push(`${i + 1}. ${describe(action, world, next)}${decided(action, world, next)}`);
    world = next;
  }
  return lines;
}

function start({ cluster }: World): string {
  const services = [...cluster.objects.values()].filter(({ metadata }) => metadata.name.startsWith('svc-'));
  const pools = cluster.objects.get('configmaps kube-system/kubevip') as ConfigMap | undefined;
  return `The pools are ${poolsText(pools?.data ?? {})}. ${services.map(stateOf).join('; ') || 'There are no Services'}. Controller 1 leads.`;
}

function describe(action: Action, world: World, next: World): string {
  switch (action.do) {
    case 'act':
      return actText(action.act, dataIn(world.cluster));
    case 'lead':
      return `Controller ${action.at + 1} takes the Lease, and lists everything again.`;
    case 'list':
      return `Controller ${action.at + 1} receives ${action.requests.map((key) => key.replace(/^list (.*)/, (_, stream: Stream) => `the list of ${streams[stream] ?? stream}`)).join(', ')}.`;
    case 'deliver':
      return `${watches[action.stream] ?? 'The watch'} shows controller ${action.at + 1}: ${changeText(nextChange(world, action.at, action.stream), action.stream)}.`;
    case 'bookmark':
      return `A bookmark shows controller ${action.at + 1} that it knows all changes of ${streams[action.stream]}.`;
    case 'carry out':
      return `The API server carries out: ${requestText(find(world, action.at, action.request), world, next)}`;
    case 'answer':
      return `The response to "${short(find(world, action.at, action.request))}" arrives at controller ${action.at + 1}.`;
    case 'read':
      return `Controller ${action.at + 1} reads ${action.request.replace('get ', '')}.`;
    case 'timer':
      return `A delay of controller ${action.at + 1} ends.`;
    case 'arrive':
      return `A late request arrives. The API server carries out: ${requestText(world.ghosts[action.ghost]?.request, world, next)}`;
    case 'vanish':
      return `A late request is lost: ${short(world.ghosts[action.ghost]?.request)}.`;
    case 'fault':
      return faultText(action.kind, action.at, find(world, action.at, action.request));
  }
}

function actText(act: Act, data: Data = {}): string {
  switch (act.do) {
    case 'create': {
      const ports = (act.spec?.ports ?? []).map(({ protocol, port }) => `${protocol}/${port}`).join();
      return `A user creates Service ${act.name} (${act.spec?.type}, ${ports}, ${act.spec?.ipFamilyPolicy}).`;
    }
    case 'delete':
      return `A user deletes Service ${act.name}.`;
    case 'edit':
      return `A user edits Service ${act.name}: ${act.text}.`;
    case 'configure':
      return act.data === undefined
        ? 'A user deletes the ConfigMap.'
        : `A user edits the ConfigMap: ${poolsEdit(data, act.data)}.`;
  }
}

function poolsText(data: Data): string {
  return Object.entries(data)
    .map(([key, value]) => `${key}: ${value}`)
    .join('; ');
}

function poolsEdit(before: Data, after: Data): string {
  const set = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  const removed = Object.keys(before).filter((key) => !(key in after));
  return [poolsText(set), ...removed.map((key) => `without ${key}`)].filter((text) => text !== '').join('; ');
}

function faultText(kind: FaultKind, at: number, request: Request | undefined): string {
  const who = `controller ${at + 1}`;
  switch (kind) {
    case 'crash':
      return `Controller ${at + 1} crashes, and is started again.`;
    case 'lose':
      return `Controller ${at + 1} loses the Lease.`;
    case 'lost':
      return `The request "${short(request)}" of ${who} never arrives, and its connection breaks.`;
    case 'answer lost':
      return `The response to "${short(request)}" of ${who} is lost.`;
    case 'late':
      return `The connection of ${who} breaks. Its request "${short(request)}" is still on its way.`;
    case 'denied':
      return `Admission denies "${short(request)}" of ${who}.`;
    case 'expired':
      return `The watch of the Services of ${who} ends: 410 Expired.`;
  }
}

function find({ replicas }: World, at: number, key: string | undefined): Request | undefined {
  return replicas[at]?.place.requests.find((request) => request.key === key);
}

/** What a controller sends because of the action. */
function decided(action: Action, world: World, next: World): string {
  if (!('at' in action)) return '';
  const before = new Set(world.replicas[action.at]?.place.requests.map(({ key }) => key));
  const sent = (next.replicas[action.at]?.place.requests ?? []).filter(({ key }) => !before.has(key));
  const writes = sent.filter(isWrite).map(short);
  return writes.length === 0 ? '' : ` It sends: ${writes.join('; ')}.`;
}

function short(request: Request | undefined): string {
  if (request === undefined) return 'a request';
  if (!isWrite(request)) return request.key;
  const name = objectKey(request.path).replace('services ', '').replace('ipaddresses ', 'IPAddress ');
  if (!isServiceWrite(request)) {
    const { metadata } = (request.body ?? {}) as Partial<KubeObject>;
    const what = {
      create: `claim ${metadata?.name}`,
      delete: `delete ${name}`,
      patch: `reserve ${name}`,
      update: `update ${name}`,
    };
    return what[request.verb];
  }
  const { metadata = { name }, spec } = request.body as Partial<Service>;
  const list = metadata.annotations?.['kube-vip.io/loadbalancerIPs'];
  if (list === null) return `${name}: remove the address`;
  return list === undefined
    ? `${name}: write ${spec?.loadBalancerIP ?? 'metadata'}`
    : `${name}: write ${list}`;
}

function requestText(request: Request | undefined, world: World, next: World): string {
  const isDone = world.cluster.version !== next.cluster.version;
  return `${short(request)}${isDone ? '.' : ' (refused, or nothing to change).'}`;
}

function changeText(change: ReturnType<typeof nextChange>, stream: Stream): string {
  if (change === undefined) return 'nothing';
  const { before, after } = change;
  if (change.plural === 'configmaps')
    return after === undefined ? 'the ConfigMap is deleted' : 'the ConfigMap';
  if (after === undefined) return `${before?.metadata.name} is deleted`;
  return isIn(stream, after) ? stateOf(after) : `${after.metadata.name} no longer matches`;
}

function stateOf(object: KubeObject): string {
  const { metadata, spec } = object as Service;
  if (spec === undefined || !('type' in spec)) return `IPAddress ${metadata.name}`;
  const list = metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? spec.loadBalancerIP;
  return `${metadata.name} ${list === undefined ? 'without an address' : `with ${list}`}${spec.type === 'LoadBalancer' ? '' : ` (${spec.type})`}`;
}
