import type { EmbeddedWorld } from './embedded-world.ts';
import type { World } from './world.ts';

/** One step of a story, or an expectation. It rejects if the expectation does not hold. */
export interface Step<W> {
  readonly text: string;
  readonly run: (world: W) => Promise<void>;
}

/** Where the bug was published. */
export type Source =
  | { readonly kind: 'issue' | 'pull'; readonly repository: string; readonly number: number }
  | { readonly kind: 'document'; readonly id: string; readonly text: string; readonly url: string };

export interface Facts {
  readonly source: Source;
  readonly title: string;
  /** What went wrong there. */
  readonly fault: string;
  /** What happens here, and why. */
  readonly here: string;
}

/** A story that only the real controller on the embedded API can play: with held requests, several replicas, or a crash. */
interface StoryHere {
  readonly steps: readonly Step<EmbeddedWorld>[];
  readonly outcome: readonly Step<EmbeddedWorld>[];
  readonly go?: undefined;
}

/** A story that the Go version can play, too. */
interface StoryOfBoth {
  /** What happens, with what both programs do. */
  readonly steps: readonly Step<World>[];
  /** What this controller does. */
  readonly outcome: readonly Step<EmbeddedWorld>[];
  /** What v0.0.12 of the Go version does: the fault. */
  readonly go: readonly Step<World>[];
}

export function issue(repository: string, number: number): Source {
  return { kind: 'issue', repository, number };
}

export function pull(repository: string, number: number): Source {
  return { kind: 'pull', repository, number };
}

/** A bug that was published for a program with the same task, as a story. */
export type PublishedBug = Facts & (StoryHere | StoryOfBoth);

/** A bug that v0.0.12 of the Go version still has. */
export type GoBug = Facts & StoryOfBoth;

export function isGoBug(bug: PublishedBug): bug is GoBug {
  return bug.go !== undefined;
}

/** The name on the command line: `cilium-45800`. */
export function idOf({ source }: Facts): string {
  if (source.kind === 'document') return source.id;
  return `${source.repository.replace(/^.*\//, '')}-${source.number}`;
}

/** `cilium/cilium#45800`, with its address. */
export function linkTo(source: Source): { readonly text: string; readonly url: string } {
  if (source.kind === 'document') return source;
  const { kind, repository, number } = source;
  const part = kind === 'pull' ? 'pull' : 'issues';
  return { text: `${repository}#${number}`, url: `https://github.com/${repository}/${part}/${number}` };
}

/** Plays the steps in order. Tells `told` about each, with the Services that it changed. Rejects at the first one that fails. */
export async function play<W extends World>(
  world: W,
  steps: readonly Step<W>[],
  told: (step: Step<W>, changes: readonly string[]) => void = () => {},
): Promise<void> {
  let before = await world.describe();
  for (const step of steps) {
    try {
      await step.run(world);
    } catch (error) {
      const state = [...(await world.describe())].map(([key, line]) => `  ${key}: ${line}`).join('\n');
      throw new Error(`${step.text}\n${error instanceof Error ? error.message : String(error)}\n${state}`, {
        cause: error,
      });
    }
    const after = await world.describe();
    const changed = [...after].filter(([key, line]) => before.get(key) !== line);
    const gone = [...before.keys()].filter((key) => !after.has(key));
    told(step, [...changed.map(([key, line]) => `${key}: ${line}`), ...gone.map((key) => `${key}: deleted`)]);
    before = after;
  }
}
