import { type Data, mayShare } from '../core/naive.ts';
import { names } from './names.ts';
import { type Facts, listOf, namespaceOf, poolFor, portsText } from './observed-service.ts';
import { type Finding, maySit } from './write-checks.ts';

/** What is asked of the cluster when nothing moves. */
export interface World {
  readonly services: ReadonlyMap<string, Facts>;
  readonly pools: Data;
  /** Names of IPAddresses of ours; undefined where the controllers do not claim. */
  readonly claims: ReadonlySet<string> | undefined;
  showing(address: string): readonly Facts[];
  recording(address: string): readonly Facts[];
  recorded(): Iterable<string>;
  isWarned(facts: Facts, word: string): boolean;
}

type Family = 'IPv4' | 'IPv6';

/** What holds when nothing moves any more: Served, Said why, Free again, Once. */
export function judgeRest(world: World): Finding[] {
  return [...findings(world)];
}

function* findings(world: World): Iterable<Finding> {
  const waiting = new Waiting(world);
  for (const facts of world.services.values()) {
    if (!facts.isBalancer) yield* gone(facts);
    else if (!facts.isOurs) {
      if (facts.recordText !== undefined)
        yield { promise: 'Hands off', what: `${facts.key} is of another class and has a record` };
    } else if (facts.record !== undefined) yield* served(facts, world);
    else if (asked(facts).length > 0) yield* refused(facts, world);
    else yield* waiting.judge(facts);
  }
  yield* together(world);
  if (world.claims !== undefined) yield* claimed(world, world.claims);
}

function* gone({ key, recordText, isLabelled }: Facts): Iterable<Finding> {
  if (recordText !== undefined || isLabelled)
    yield { promise: 'Free again', what: `${key} is no LoadBalancer and is marked as served` };
}

/** What stands by name, in the annotation or else in the spec. */
function asked({ annotation, spec }: Facts): string[] {
  return listOf(annotation === '' ? spec : annotation);
}

/** A Service with a record: it shows what the record says, or what it wants besides is said and cannot be had. */
function* served(facts: Facts, world: World): Iterable<Finding> {
  const { key, record, recorded, annotation, spec } = facts;
  if (!facts.isLabelled) yield { promise: 'Served', what: `${key} has a record and no label` };
  const wishes = [
    ...(listOf(annotation).join() === recorded.join() ? [] : asked(facts)),
    ...(spec === '' || recorded.includes(spec) ? [] : [spec]),
  ].filter((address) => !recorded.includes(address));
  for (const address of wishes) yield* unmet(facts, address, world);
  if (annotation === '' && wishes.length === 0)
    yield { promise: 'Served', what: `${key} has ${recorded.join()} in its record, and shows nothing` };
  const clashes = record?.ports !== portsText(facts);
  const wantsMore =
    clashes ||
    record?.families !== facts.families ||
    facts.service.metadata.annotations?.[names.reallocate] === 'true';
  if (!wantsMore || wishes.length > 0) return;
  const pool = poolFor(world.pools, namespaceOf(facts));
  if (!world.isWarned(facts, pool?.key ?? 'no pool'))
    yield { promise: 'Said why', what: `${key} keeps ${recorded.join()} and was edited, in silence` };
  // Of those that are wanted and not there, or not from the pool, one has nothing free; else the wish could be met.
  const lacking = wantedFamilies(facts).filter(
    (family) =>
      clashes || !recorded.some((address) => familyOf(address) === family && pool?.has.has(address)),
  );
  const isMet = lacking.length > 0 && lacking.every((family) => freeAddress(facts, family, world));
  if (isMet) yield { promise: 'Served', what: `${key} keeps ${recorded.join()}, and what it wants is free` };
}

/** An address that is asked for by name and not given is another's, and that is said. */
function* unmet(facts: Facts, address: string, world: World): Iterable<Finding> {
  const { key } = facts;
  const others = world.showing(address).filter((other) => other !== facts);
  if (!others.some((other) => !maySit(world.pools, facts, other)))
    yield { promise: 'Served', what: `${key} asks for ${address} in vain, and it is nobody else's` };
  if (!world.isWarned(facts, address))
    yield { promise: 'Said why', what: `${key} asks for ${address} in vain, and in silence` };
}

function* refused(facts: Facts, world: World): Iterable<Finding> {
  const taken = asked(facts).map((address) => [...unmet(facts, address, world)]);
  // Of two addresses one is enough to keep the other waiting.
  const least = taken.sort((a, b) => a.length - b.length)[0];
  yield* least ?? [];
  if (facts.isLabelled) yield { promise: 'Once', what: `${facts.key} was refused and is marked as served` };
}

/** Two records name one address: they may, or it is said. */
function* together(world: World): Iterable<Finding> {
  for (const address of world.recorded()) {
    const there = world.recording(address);
    for (const [i, one] of there.entries()) {
      for (const other of there.slice(i + 1)) {
        if (maySit(world.pools, one, other)) continue;
        if (world.isWarned(one, address) || world.isWarned(other, address)) continue;
        yield { promise: 'Said why', what: `${one.key} and ${other.key} have ${address}, in silence` };
      }
    }
  }
}

function* claimed(world: World, claims: ReadonlySet<string>): Iterable<Finding> {
  const recorded = new Set(world.recorded());
  for (const address of recorded)
    if (!claims.has(address))
      yield { promise: 'Claimed', what: `${address} is recorded and has no IPAddress` };
  for (const address of claims)
    if (!recorded.has(address))
      yield { promise: 'Claimed', what: `the IPAddress ${address} is ours and nobody's` };
}

/** Services that ask for nothing by name and have nothing. Who asks for the same waits for the same. */
class Waiting {
  readonly #world: World;
  readonly #known = new Map<string, boolean>();

  constructor(world: World) {
    this.#world = world;
  }

  *judge(facts: Facts): Iterable<Finding> {
    const { key } = facts;
    const namespace = namespaceOf(facts);
    if (facts.isLabelled) yield { promise: 'Once', what: `${key} waits and is marked as served` };
    if (this.#isPermitted(facts)) yield { promise: 'Served', what: `${key} waits in vain` };
    const pool = poolFor(this.#world.pools, namespace);
    if (!this.#world.isWarned(facts, pool?.key ?? namespace))
      yield { promise: 'Said why', what: `${key} waits in silence for ${pool?.key ?? 'a pool'}` };
  }

  #isPermitted(facts: Facts): boolean {
    const { families, ports, service, shows } = facts;
    const traffic = service.spec?.externalTrafficPolicy;
    const needs = [namespaceOf(facts), families, ports.join(), traffic, shows.join()].join(' ');
    const known = this.#known.get(needs) ?? this.#look(facts);
    this.#known.set(needs, known);
    return known;
  }

  #look(facts: Facts): boolean {
    const policy = facts.service.spec?.ipFamilyPolicy;
    const wanted = wantedFamilies(facts);
    const has = (family: Family): boolean =>
      freeAddress(facts, family, this.#world) ||
      (policy === 'SingleStack' && family === 'IPv4' && canShare(facts, this.#world));
    return policy === 'PreferDualStack' ? wanted.some(has) : wanted.every(has);
  }
}

function wantedFamilies({ service: { spec } }: Facts): Family[] {
  const all = (spec?.ipFamilies ?? []) as Family[];
  return spec?.ipFamilyPolicy === 'SingleStack' ? all.slice(0, 1) : all;
}

function familyOf(address: string): Family {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function freeAddress(facts: Facts, family: Family, { pools, showing }: World): boolean {
  const pool = poolFor(pools, namespaceOf(facts));
  return pool?.[family].some((address) => showing(address).every((other) => other === facts)) === true;
}

/** Whether there is an address of the pool whose every holder agrees (spec section 6). */
function canShare(facts: Facts, { pools, showing }: World): boolean {
  const agrees = (other: Facts, address: string): boolean =>
    other.record !== undefined &&
    other.isLabelled &&
    other.annotation === address &&
    other.shows.join() === address &&
    mayShare(pools, facts.service, other.service);
  return (
    poolFor(pools, namespaceOf(facts))?.IPv4.some((address) => {
      const others = showing(address).filter((other) => other !== facts);
      return others.length > 0 && others.every((other) => agrees(other, address));
    }) === true
  );
}
