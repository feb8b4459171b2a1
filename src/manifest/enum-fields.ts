import { nearestWord } from '../core/text/nearest.ts';
import { quoted } from '../core/text/quote.ts';
import { type FieldPath, type Findings, pathTo, present, put, textField, textsField } from './fields.ts';
import { nameOfKind, type ScalarTree, textTree } from './tree.ts';

/** A text out of a closed set. A wrong case or a slip of a letter or two is mended. */
export function choiceField(spot: FieldPath, key: string, choices: readonly string[]): string | undefined {
  const text = textField(spot, key);
  if (text === undefined) return undefined;
  const choice = choose(
    spot.findings,
    spot.map.entries.get(key)?.value.at ?? spot.map.at,
    pathTo(spot, key),
    text,
    choices,
  );
  if (choice !== undefined && choice !== text)
    put(spot, key, textTree(choice, spot.map.entries.get(key)?.value.at ?? 0));
  return choice;
}

export function choicesField(spot: FieldPath, key: string, choices: readonly string[]): void {
  const texts = textsField(spot, key);
  const list = spot.map.entries.get(key)?.value;
  if (texts === undefined || list?.kind !== 'list') return;
  const field = pathTo(spot, key);
  const kept: ScalarTree[] = [];
  for (const item of list.items) {
    if (item.kind !== 'scalar') continue;
    const choice = choose(spot.findings, item.at, field, item.source, choices);
    if (choice === undefined) continue;
    if (kept.some((before) => before.value === choice)) {
      spot.findings.remark(
        item.at,
        field,
        `${choice} stands twice, and Kubernetes refuses that. Leave one out; it is read here once.`,
      );
    } else kept.push(textTree(choice, item.at));
  }
  list.items = kept;
}

function choose(
  findings: Findings,
  at: number,
  field: string,
  text: string,
  choices: readonly string[],
): string | undefined {
  if (choices.includes(text)) return text;
  const meant = nearestWord(text, choices);
  if (meant !== undefined) {
    findings.remark(at, field, `Kubernetes refuses ${quoted(text)}. Write ${meant}, as it is read here.`);
    return meant;
  }
  const all =
    choices.length === 1 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`;
  findings.error(at, field, `Kubernetes does not know ${quoted(text)}. Write ${all}.`);
  return undefined;
}

export function numberField(spot: FieldPath, key: string, least: number, most: number): number | undefined {
  const tree = present(spot, key);
  if (tree === undefined) return undefined;
  const field = pathTo(spot, key);
  const inside = (value: number): boolean => Number.isInteger(value) && value >= least && value <= most;
  if (tree.kind === 'scalar' && typeof tree.value === 'number' && inside(tree.value)) return tree.value;
  if (tree.kind === 'scalar' && typeof tree.value === 'string' && /^\d{1,15}$/.test(tree.value)) {
    const value = Number(tree.value);
    if (inside(value)) {
      spot.findings.remark(
        tree.at,
        field,
        `"${value}" is text, and Kubernetes takes only a number there: it refuses the object. Leave the quotes out; it is read here as ${value}.`,
      );
      put(spot, key, { kind: 'scalar', at: tree.at, size: 1, value, source: String(value) });
      return value;
    }
  }
  const what = tree.kind === 'scalar' ? quoted(tree.source) : nameOfKind(tree);
  spot.findings.error(
    tree.at,
    field,
    `Kubernetes takes a whole number from ${least} to ${most} here, not ${what}. Write one.`,
  );
  return undefined;
}

export function booleanField(spot: FieldPath, key: string): void {
  const tree = present(spot, key);
  if (tree === undefined || (tree.kind === 'scalar' && typeof tree.value === 'boolean')) return;
  const field = pathTo(spot, key);
  if (tree.kind === 'scalar' && (tree.value === 'true' || tree.value === 'false')) {
    spot.findings.remark(
      tree.at,
      field,
      `"${tree.value}" is text, and Kubernetes takes only a boolean there: it refuses the object. Leave the quotes out; it is read here as ${tree.value}.`,
    );
    put(spot, key, {
      kind: 'scalar',
      at: tree.at,
      size: 1,
      value: tree.value === 'true',
      source: tree.value,
    });
    return;
  }
  const what = tree.kind === 'scalar' ? quoted(tree.source) : nameOfKind(tree);
  spot.findings.error(
    tree.at,
    field,
    `Kubernetes takes true or false here, not ${what}. Write one of the two.`,
  );
}

export function timeField(spot: FieldPath, key: string): void {
  const text = textField(spot, key);
  if (text === undefined) return;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  if (time.test(text) && Number.isFinite(Date.parse(text))) return;
  const at = spot.map.entries.get(key)?.value.at ?? spot.map.at;
  spot.findings.error(
    at,
    pathTo(spot, key),
    `${quoted(text)} is no time. Write it like 2026-01-31T08:00:00Z, or leave the field out.`,
  );
}
