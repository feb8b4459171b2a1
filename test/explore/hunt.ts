import { type Mutant, runOn } from '../simulator/mutants.ts';
import { mutantScopes } from './scopes.ts';

/** Mutants that no scope finds, with why. */
export const notFound: Readonly<Record<string, string>> = {
  'an edit of its labels moves a Service': 'no scope has Services with labels',
  'Services with different sharing keys share an address': 'no scope has Services with sharing keys',
};

/** More states than any quick scope has. With a mutant, a scope may never end. */
const maxStates = 60_000;

/** Looks for each mutant in one scope after the other. Returns whether all that can be found were found. */
export async function huntAll(mutants: readonly Mutant[]): Promise<boolean> {
  let found = 0;
  let isExpected = true;
  for (const mutant of mutants) {
    console.log(`${mutant.promise} (${mutant.what})`);
    const story = await storyOf(mutant);
    const why = notFound[mutant.what];
    if (story !== undefined) found += 1;
    else if (why === undefined) isExpected = false;
    for (const line of story ?? [`NOT found: ${why ?? 'all promises held in every scope'}`])
      console.log(`    ${line}`);
  }
  console.log(`${found} of ${mutants.length} found`);
  return isExpected;
}

/** The shortest story in the first scope in which the mutant breaks its promise. */
async function storyOf(mutant: Mutant): Promise<string[] | undefined> {
  for (const { name } of mutantScopes) {
    const lines = await runOn(mutant, 'explore', ['--quick', '--scope', name, '--states', String(maxStates)]);
    const broken = lines.findIndex((line) => line.startsWith(`  BROKEN: ${mutant.promise}:`));
    if (broken < 0) continue;
    const story = lines.slice(broken).filter((line) => line.startsWith('  '));
    return [name, ...story.map((line) => line.slice(2))];
  }
  return undefined;
}
