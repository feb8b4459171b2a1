import { quoted } from '../core/text/quote.ts';
import type { Tree } from '../yaml/yaml-tree.ts';
import { type Findings, fieldPath } from './findings.ts';

/** Reports each key that appears more than once in one map. Aliases lead to a map by several paths: it is reported once. */
export function reportDuplicateKeys(tree: Tree, findings: Findings, path = '', seen = new Set<Tree>()): void {
  if (tree.kind === 'scalar' || seen.has(tree)) return;
  seen.add(tree);
  if (tree.kind === 'list') {
    for (const [index, item] of tree.items.entries())
      reportDuplicateKeys(item, findings, `${path}[${index}]`, seen);
    return;
  }
  for (const [key, { keyAt, value, count }] of tree.entries) {
    const field = fieldPath(path, key);
    if (count > 1) {
      const last = value.kind === 'scalar' ? `the last one, ${quoted(value.source)},` : 'the last one';
      findings.rejection(
        keyAt,
        field,
        `the key appears ${count === 2 ? 'twice' : `${count} times`} in one map. Kubernetes rejects the object or silently uses the last one; ${last} is used here. Keep one, or rename the other.`,
      );
    }
    reportDuplicateKeys(value, findings, field, seen);
  }
}
