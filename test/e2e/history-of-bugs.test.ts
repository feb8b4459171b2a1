/**
 * The published bugs that v0.0.12 of the Go version has: the same stories that test/history-of-bugs plays on this controller
 * end there with the fault.
 */
import { publishedBugs } from '../history-of-bugs/bugs.ts';
import { GoWorld } from '../history-of-bugs/go-world.ts';
import { idOf, isGoBug, play } from '../history-of-bugs/published-bug.ts';
import { goScenarios } from './go-version.ts';

const scenario = goScenarios('history-of-bugs');

for (const bug of publishedBugs.filter(isGoBug)) {
  scenario(`the Go version shows the fault of ${idOf(bug)}`, async ({ cluster }) => {
    const world = new GoWorld(cluster);
    try {
      await play(world, [...bug.steps, ...bug.go]);
    } finally {
      await world.close();
    }
  });
}
