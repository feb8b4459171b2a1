/**
 * `node setup.mjs test/explore/shortest.ts PROMISE`: prints, as JSON, the shortest story of all scopes for mutants in which the promise
 * is broken, or `null`. It runs in a copy of the product with a mutant (hunt.ts).
 */
import './open-fields.ts';
import type { Story } from './hunt.ts';

Error.stackTraceLimit = 0;
const { mutantScopes } = await import('./scopes.ts');
const { automatonOf, search } = await import('./search.ts');
const { tell } = await import('./story.ts');

/** With a mutant, a scope may never end. */
const maxStates = 20_000;

async function shortest(promise: string): Promise<Story | undefined> {
  const isSought = (violation: string): boolean => violation.startsWith(`${promise}:`);
  let best: Story | undefined;
  for (const scope of mutantScopes) {
    const automaton = automatonOf(scope);
    for (;;) {
      const maxSteps = best === undefined ? Number.POSITIVE_INFINITY : best.steps - 1;
      const { found } = await search(scope, { maxStates, maxSteps, automaton, isSought });
      if (found === undefined) break;
      const { violation, story } = found;
      const list = await tell(story, scope, automaton);
      best = { scope: scope.name.replace('quick: ', ''), violation, steps: story.length, list };
    }
  }
  return best;
}

console.log(JSON.stringify((await shortest(process.argv[2] ?? '')) ?? null));
