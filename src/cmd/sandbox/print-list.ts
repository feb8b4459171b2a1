import { Document, Scalar, visit } from 'yaml';
import type { Service } from '../../core/model/objects.ts';
import { escapedJson, escapedYaml, needsEscape } from '../../terminal/escape.ts';

/**
 * Prints Services like `kubectl get services -o json|yaml`: one sorted v1 List without managedFields, with keys in
 * alphabetical order, so apiVersion and kind come first. The output can be read and applied again.
 */
export function printList(services: readonly Service[], format: 'json' | 'yaml'): string {
  const list = { apiVersion: 'v1', kind: 'List', items: [...services].sort(byName).map(listItem) };
  if (format === 'yaml') return toYaml(list);
  return `${escapedJson(JSON.stringify(list, undefined, 4))}\n`;
}

function byName(one: Service, other: Service): number {
  const [a, b] = [one, other].map(({ metadata }) => [metadata.namespace ?? '', metadata.name] as const);
  if (a === undefined || b === undefined) return 0;
  // By code units, not by locale, so that the List is the same on every machine.
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function listItem(service: Service): unknown {
  const { managedFields: _, ...metadata } = service.metadata;
  return sorted({ ...service, apiVersion: 'v1', kind: 'Service', metadata });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  // fromEntries defines properties, so a key named __proto__ stays an ordinary key.
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function toYaml(list: unknown): string {
  // kubectl reads YAML 1.1, in which `on`, `012`, and times need quotes.
  const document = new Document(list, {
    version: '1.1',
    schema: 'yaml-1.1',
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string') node.type = scalarStyle(node.value);
    },
  });
  return escapedYaml(document.toString({ lineWidth: 0, directives: false }));
}

/** Plain if possible, double quotes if an escape is needed. */
function scalarStyle(text: string): Scalar.Type {
  if (needsEscape(text)) return Scalar.QUOTE_DOUBLE;
  return text.includes('\n') ? Scalar.BLOCK_LITERAL : Scalar.PLAIN;
}
