import { actionsOf, apply } from './actions.ts';
import { inputsOf, type MergedNode } from './automaton.ts';
import { canonical, ranksOf, shapeOf } from './canonical.ts';
import { Renaming } from './names.ts';
import type { Input, Process } from './process.ts';
import type { Scope } from './scope.ts';
import { automatonOf, search } from './search.ts';
import type { World } from './world.ts';

/** Samples are far apart, because neighbors resemble each other. */
const fewer = 7;

export interface Samples {
  /** At most. */
  readonly samples?: number;
  /** 1: all. */
  readonly every?: number;
  /** Plants a fault: these fields are not compared. */
  readonly mistaken?: readonly string[];
}

/**
 * Takes samples of the states of a controller that a search counts once, although different inputs led to them. Two processes are
 * started with these inputs, get every next input of the search, and must be in the same state. Returns the inputs of those that are
 * not.
 */
export async function sampleMergedNodes(
  scope: Scope,
  { samples = Number.POSITIVE_INFINITY, every = fewer, mistaken = [] }: Samples,
): Promise<(readonly Input[])[]> {
  const merged: MergedNode[] = [];
  let merges = 0;
  const add = (one: MergedNode): void => {
    if (merges++ % every === 0 && merged.length < samples) merged.push(one);
  };
  const automaton = automatonOf(scope, { mistaken, merged: add });
  await search(scope, { automaton, maxStates: 2_000 });
  // It compares everything.
  const exact = automatonOf(scope);
  const differences: (readonly Input[])[] = [];
  for (const { node, inputs, tokens } of merged) {
    const toOther = new Renaming(node.tokens, tokens);
    for (const next of [...node.next.values()].flatMap(({ input }) => input ?? [])) {
      const one = await exact.replay([...inputsOf(node), next]);
      const other = await exact.replay([...inputs, toOther.value(next)]);
      if (stateOf(one) !== stateOf(other)) differences.push(inputs);
      for (const process of [one, other]) process.stop();
    }
  }
  return differences;
}

function stateOf(process: Process): string {
  const { digest, tokens } = shapeOf(process.text());
  return `${digest} ${ranksOf(tokens)}`;
}

/**
 * Takes samples of the worlds that a search counts once according to `same`, and compares their futures: every action must lead both
 * to equal worlds. Their controllers are started again, with all their inputs.
 */
export async function sampleMerged(
  scope: Scope,
  same: (world: World) => string,
  samples: number,
): Promise<string[]> {
  const first = new Map<string, World>();
  const pairs: [World, World][] = [];
  let merges = 0;
  await search(scope, {
    maxStates: 2_000,
    canonical: (world) => {
      const key = same(world);
      const known = first.get(key);
      if (known === undefined) first.set(key, world);
      else if (merges++ % fewer === 0 && pairs.length < samples) pairs.push([known, world]);
      return key;
    },
  });
  const differences: string[] = [];
  for (const [known, again] of pairs) {
    const why = await differs(scope, known, again);
    if (why !== undefined) differences.push(why);
  }
  return differences;
}

/** The actions of both worlds, and what they lead to, must be the same. */
async function differs(scope: Scope, known: World, again: World): Promise<string | undefined> {
  const automaton = automatonOf(scope);
  const futures = async (world: World): Promise<string> => {
    const next: string[] = [canonical(world)];
    for (const action of actionsOf(world, scope))
      next.push(canonical((await apply(world, action, scope, automaton)).world));
    return next.sort().join();
  };
  return (await futures(known)) === (await futures(again))
    ? undefined
    : 'an action leads to different worlds';
}
