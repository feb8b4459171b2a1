import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isExternal, linkTarget } from './paths.ts';

export interface NavigationItem {
  /** A document, relative to the repository. */
  readonly source: string;
  /** The documents in its folder, if it is the index of one. */
  readonly children: readonly NavigationItem[];
}

export interface NavigationGroup {
  readonly title: string;
  readonly items: readonly NavigationItem[];
}

/** Reads the groups from the table in the index of the documents: a row with a bold first cell begins a group. */
export function readNavigation(root: string, index: string): NavigationGroup[] {
  const groups: { title: string; items: NavigationItem[] }[] = [];
  for (const row of readFileSync(join(root, index), 'utf8').match(/^\|.*\|$/gm) ?? []) {
    const title = /^\| \*\*(.+)\*\* \|/.exec(row)?.[1];
    if (title !== undefined) groups.push({ title, items: [] });
    else groups.at(-1)?.items.push(...documentsIn(index, row).map((source) => itemOf(root, source)));
  }
  return groups;
}

function itemOf(root: string, source: string): NavigationItem {
  const folder = dirname(source);
  const isIndex = source.endsWith('/README.md') && folder.startsWith('docs/');
  if (!isIndex) return { source, children: [] };
  const inFolder = documentsIn(source, readFileSync(join(root, source), 'utf8')).filter(
    (other) => dirname(other) === folder && other !== source,
  );
  return { source, children: [...new Set(inFolder)].map((other) => ({ source: other, children: [] })) };
}

/** The documents that a text in `source` links to. */
function documentsIn(source: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, href = '']) => href)
    .filter((href) => !isExternal(href))
    .map((href) => linkTarget(source, href).path)
    .filter((path) => path.endsWith('.md'));
}
