import { Document, Scalar, visit } from 'yaml';
import type { Service } from '../../core/model/objects.ts';
import { escapedJson, escapedYaml, needsEscape } from '../../terminal/escape.ts';

/**
 * Services as `kubectl get services -o json|yaml` prints them: one v1 List, sorted, keys in alphabetical order (so
 * that apiVersion and kind lead each item), without managedFields. What is printed can be read and applied again.
 */
export function printList(services: readonly Service[], format: 'json' | 'yaml'): string {
  const list = { apiVersion: 'v1', kind: 'List', items: [...services].sort(byName).map(item) };
  if (format === 'yaml') return asYaml(list);
  return `${escapedJson(JSON.stringify(list, undefined, 4))}\n`;
}

function byName(one: Service, other: Service): number {
  const [a, b] = [one, other].map(({ metadata }) => [metadata.namespace ?? '', metadata.name] as const);
  if (a === undefined || b === undefined) return 0;
  // By code units, not by language: the same List on every machine.
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function item(service: Service): unknown {
  const { managedFields: _, ...metadata } = service.metadata;
  return sorted({ ...service, apiVersion: 'v1', kind: 'Service', metadata });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  // fromEntries defines properties, so that a key called __proto__ stays a key.
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function asYaml(list: unknown): string {
  // Version 1.1 is what kubectl reads: it makes the printer quote `on`, `012` and times.
  const document = new Document(list, {
    version: '1.1',
    schema: 'yaml-1.1',
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string') node.type = style(node.value);
    },
  });
  return escapedYaml(document.toString({ lineWidth: 0, directives: false }));
}

/** Plain where it can be; double quotes where an escape is needed. */
function style(text: string): Scalar.Type {
  if (needsEscape(text)) return Scalar.QUOTE_DOUBLE;
  return text.includes('\n') ? Scalar.BLOCK_LITERAL : Scalar.PLAIN;
}
