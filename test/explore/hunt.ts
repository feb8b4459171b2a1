import { readFileSync, writeFileSync } from 'node:fs';
import { concurrently } from '../../bench/concurrently.ts';
import { withParts } from '../../scripts/generated-parts.ts';
import { type Mutant, mutants, runOn } from '../simulator/mutants.ts';
import { notFound } from './not-found.ts';
import { proof, proofText, storiesIn } from './proof.ts';

/** How a promise was broken, with the fewest steps. */
export interface Story {
  readonly scope: string;
  readonly violation: string;
  readonly steps: number;
  /** A numbered list. The line with number 0 says how it starts. */
  readonly list: readonly string[];
}

/**
 * Looks for each mutant with a text in all scopes, in two processes at a time, and prints the stories; with `isWriting`, also into
 * docs/PROOF.md. Not for those that no scope can find. Returns whether all others were found.
 */
export async function huntAll(text: string, isWriting: boolean): Promise<boolean> {
  const hunted = mutants.filter(({ what }) => what.includes(text) && !(what in notFound));
  const stories = new Map<string, Story>();
  await concurrently(hunted, 2, async (mutant) => {
    const story = await storyOf(mutant);
    if (story !== undefined) stories.set(mutant.what, story);
    if (isWriting) record(mutant, story);
    console.log(`${mutant.promise} (${mutant.what})`);
    console.log(`    ${story === undefined ? 'NOT found' : `${story.scope}: ${story.violation}`}`);
    for (const line of story?.list ?? []) console.log(`    ${line}`);
  });
  console.log(`${stories.size} of ${hunted.length} found`);
  return stories.size === hunted.length;
}

function record({ what }: Mutant, story: Story | undefined): void {
  const page = readFileSync(proof, 'utf8');
  const stories = storiesIn(page);
  if (story === undefined) stories.delete(what);
  else stories.set(what, story);
  writeFileSync(proof, withParts(page, { mutants: proofText(stories) }));
}

async function storyOf(mutant: Mutant): Promise<Story | undefined> {
  const [json = 'null'] = await runOn(mutant, 'test/explore/shortest.ts', [mutant.promise]);
  return (JSON.parse(json) as Story | null) ?? undefined;
}
