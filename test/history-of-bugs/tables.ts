import { chapters } from './bugs.ts';
import { idOf, isGoBug, linkTo, type PublishedBug } from './published-bug.ts';

/** The chapters of docs/published-bugs.md. */
export function tables(): string {
  return chapters.map(({ title, bugs }) => chapter(title, bugs)).join('\n\n');
}

function chapter(title: string, bugs: readonly PublishedBug[]): string {
  const rows = bugs.map((bug) => `| ${[nameOf(bug), `${bug.title}. ${bug.fault}`, bug.here].join(' | ')} |`);
  return [`## ${title}`, '', '| bug | what went wrong there | here |', '| --- | --- | --- |', ...rows].join(
    '\n',
  );
}

function nameOf(bug: PublishedBug): string {
  const { text, url } = linkTo(bug.source);
  return `\`${idOf(bug)}\` ([${text}](${url}))${isGoBug(bug) ? ', in v0.0.12 too' : ''}`;
}
