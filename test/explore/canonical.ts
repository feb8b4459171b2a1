import { hash } from 'node:crypto';
import type { Change } from './cluster.ts';
import { kindOf, numberIn, withoutNames } from './names.ts';
import { isIn, pluralOf, type Stream } from './requests.ts';
import type { World } from './world.ts';

/** A text without its names: a digest, and the names in the order of their first use. */
export interface Shape {
  readonly digest: string;
  readonly tokens: readonly string[];
}

export function shapeOf(text: string): Shape {
  const { skeleton, tokens } = withoutNames(text);
  return { digest: digest(skeleton), tokens };
}

export function digest(text: string): string {
  return hash('sha1', text, 'base64');
}

/** Versions and created objects become their order, and names of Services the order of their first use. */
export function ranksOf(tokens: readonly string[]): string {
  const rank = (kind: 'version' | 'creation') => {
    const numbers = new Set(tokens.filter((token) => kindOf(token) === kind).map(numberIn));
    return new Map([...numbers].sort((a, b) => a - b).map((number, i) => [number, i]));
  };
  const ranks = { version: rank('version'), creation: rank('creation') };
  const services = new Map<string, number>();
  return tokens
    .map((token) => {
      const kind = kindOf(token);
      if (kind !== 'service') return ranks[kind].get(numberIn(token));
      const known = services.get(token) ?? services.size;
      services.set(token, known);
      return known;
    })
    .join();
}

const shapes = new WeakMap<object, Shape>();

/** The shape of an immutable value. */
function shapeOfValue(value: object, text = JSON.stringify(value)): Shape {
  const known = shapes.get(value);
  if (known !== undefined) return known;
  const shape = shapeOf(text);
  shapes.set(value, shape);
  return shape;
}

/**
 * The same text for two worlds that differ only in the names of Services, in which controller is which, and in the numbers of
 * versions. Addresses are not symmetric, because the lowest free one is allocated; neither is the age of Services.
 */
export function canonical(world: World): string {
  const indexes = world.replicas.map((_, i) => i);
  const orders = indexes.length === 2 ? [indexes, indexes.toReversed()] : [indexes];
  const texts = orders.map((order) => {
    const parts = [...partsOf(world, order)];
    return `${parts.map((part) => part.digest).join()} ${ranksOf(parts.flatMap(({ tokens }) => tokens))}`;
  });
  return digest(texts.sort()[0] ?? '');
}

function* partsOf(world: World, order: readonly number[]): IterableIterator<Shape> {
  const { cluster, replicas, ghosts, acts, faults, byUser } = world;
  yield shapeOf(`${acts} ${faults} ${order.indexOf(world.holder)} ${cluster.version} ${byUser.join()}`);
  const objects = [...cluster.objects.values()];
  const age = ({ metadata }: (typeof objects)[number]): string => metadata.creationTimestamp ?? '';
  for (const object of objects.sort((a, b) => (age(a) < age(b) ? -1 : 1))) yield shapeOfValue(object);
  for (const at of order) {
    const replica = replicas[at];
    if (replica === undefined) continue;
    const { place, positions, ready } = replica;
    yield { digest: place.node.digest, tokens: place.tokens };
    for (const [key, response] of ready) yield shapeOf(`${key} ${JSON.stringify(response)}`);
    for (const [stream, position] of positions)
      for (const change of pending(cluster.log, stream, position)) yield shapeOfChange(change);
  }
  for (const { request, sender } of ghosts) yield shapeOf(`${order.indexOf(sender)} ${request.key}`);
}

function shapeOfChange(change: Change): Shape {
  const { version, plural, before, after } = change;
  return shapeOfValue(
    change,
    `${version} ${plural} ${JSON.stringify(after ?? before)} ${after === undefined}`,
  );
}

/** The changes that a watch has not delivered yet. */
export function* pending(log: readonly Change[], stream: Stream, position: number): IterableIterator<Change> {
  const plural = pluralOf(stream);
  for (const change of log) {
    if (change.version <= position || change.plural !== plural) continue;
    if (isIn(stream, change.before) || isIn(stream, change.after)) yield change;
  }
}
