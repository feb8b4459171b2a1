import { nearestWord } from '../core/text/nearest.ts';
import { printable, quoted } from '../core/text/quote.ts';
import { type Field, fieldOf, type ListOf, type Scalar, type Struct, scalarOf } from '../schema/field.ts';
import { isName, maxLength, nearestName } from '../schema/names.ts';
import { parseTime } from '../schema/time.ts';
import { describe, isNull, type MapTree, type ScalarTree, type Tree, textTree } from '../yaml/yaml-tree.ts';
import { type Findings, fieldPath } from './findings.ts';

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

/** A field's position as a person would write it (`spec.ports[0].port`), and the text before its value. */
interface FieldPath {
  readonly path: string;
  readonly lead: string;
  readonly findings: Findings;
}

/**
 * Checks a map against a schema. A value that Kubernetes rejects although its meaning is plain (`port: "80"`) is
 * repaired in the tree with a remark; any other is an error. A null is the same as no field, and is removed.
 */
export function readFields(map: MapTree, struct: Struct, path: string, findings: Findings): void {
  for (const [key, entry] of map.entries) {
    const field = fieldOf(struct, key);
    const at = pathTo(path, key, findings);
    if (field === undefined) reportUnknown(key, entry.keyAt, struct, at);
    else if (isNull(entry.value)) map.entries.delete(key);
    else entry.value = readField(entry.value, field, at);
  }
  for (const [name, field] of Object.entries(struct.fields)) {
    const value = map.entries.get(name)?.value;
    const isMissing = value === undefined || (value.kind === 'scalar' && value.value === '');
    if (typeof field === 'string' || !isMissing) continue;
    const at = pathTo(path, name, findings);
    if ('struct' in field && field.always === true) {
      readFields({ ...map, entries: new Map() }, field, at.path, findings);
    } else if ('type' in field && field.required !== undefined) {
      const limit = map.entries.has('generateName') ? ' (generateName works only in a cluster)' : '';
      const { description = 'it', example = `${name}: ...` } = field;
      findings.error(map.at, at.path, `missing${limit}. Add ${description}, for example \`${example}\`.`);
    }
  }
}

function pathTo(path: string, key: string, findings: Findings): FieldPath {
  return { path: fieldPath(path, key), lead: `${printable(key)}: `, findings };
}

function reportUnknown(key: string, keyAt: number, { fields }: Struct, { path, findings }: FieldPath): void {
  const near = nearestWord(key, Object.keys(fields));
  const advice = near === undefined ? 'Remove it.' : `Did you mean ${near}?`;
  findings.rejection(
    keyAt,
    path,
    `unknown field. Kubernetes rejects the object, and the field has no effect here. ${advice}`,
  );
}

function readField(tree: Tree, field: Field, at: FieldPath): Tree {
  if (typeof field === 'object') {
    if ('list' in field) return readList(tree, field, at);
    if ('map' in field) return readMap(tree, at);
    if ('struct' in field) {
      if (tree.kind === 'map') readFields(tree, field, at.path, at.findings);
      else failMap(tree, at);
      return tree;
    }
  }
  return readScalar(tree, scalarOf(field), at);
}

function fail(tree: Tree, expected: string, { path, findings }: FieldPath, advice = ''): Tree {
  findings.error(tree.at, path, `must be ${expected}, but is ${describe(tree)}.${advice}`);
  return tree;
}

function failMap(tree: Tree, at: FieldPath): Tree {
  const inList =
    at.lead === '- ' ? ' Write `- key: value`.' : ' Write `key: value` lines below it, indented.';
  return fail(tree, 'a map', at, tree.kind === 'list' ? ' Write `key: value` lines without "- ".' : inList);
}

function repair(tree: Tree, expected: string, { path, findings }: FieldPath, advice: string): void {
  const problem = `must be ${expected}, but is ${describe(tree)}, so Kubernetes rejects the object`;
  findings.rejection(tree.at, path, `${problem}. ${advice}`);
}

function readList(tree: Tree, { list, unique }: ListOf, at: FieldPath): Tree {
  const given = tree.kind === 'list' ? tree.items : [tree];
  if (tree.kind !== 'list') {
    const isOneItem = tree.kind === 'scalar' && (typeof list === 'string' || 'type' in list);
    if (!isOneItem) return fail(tree, 'a list', at, ' Start each entry with "- " on its own line.');
    repair(tree, 'a list', at, `Write [${printable(tree.source)}], as it is read here.`);
  }
  const items: Tree[] = [];
  const values = new Set<unknown>();
  for (const [index, value] of given.entries()) {
    const path = `${at.path}[${index}]`;
    const item = readField(value, list, { ...at, path, lead: '- ' });
    const isRepeated = unique === true && item.kind === 'scalar' && values.has(item.value);
    values.add(scalarValue(item));
    if (!isRepeated) items.push(item);
    else {
      const problem = `${describe(item)} is in the list twice, so Kubernetes rejects the object`;
      at.findings.rejection(item.at, path, `${problem}. Remove one of them; it is read here once.`);
    }
  }
  return { kind: 'list', at: tree.at, items };
}

function scalarValue(tree: Tree): unknown {
  return tree.kind === 'scalar' ? tree.value : undefined;
}

/** Labels, annotations, data: every value is a string. */
function readMap(tree: Tree, at: FieldPath): Tree {
  if (tree.kind !== 'map') return failMap(tree, at);
  for (const [key, entry] of tree.entries)
    entry.value = readMapValue(entry.value, pathTo(at.path, key, at.findings));
  return tree;
}

function readMapValue(tree: Tree, at: FieldPath): Tree {
  if (isNull(tree)) {
    const problem = 'has no value. Kubernetes stores an empty string, as it is read here';
    at.findings.remark(tree.at, at.path, `${problem}. Add a value, or remove the key.`);
    return textTree('', tree.at);
  }
  if (tree.kind === 'list' && tree.items.length > 0 && tree.items.every((item) => item.kind === 'scalar')) {
    const joined = tree.items.map((item) => item.source).join(',');
    const advice = `Write one string with commas between the entries; it is read here as ${quoted(joined)}.`;
    repair(tree, 'a string', at, advice);
    return textTree(joined, tree.at);
  }
  return readScalar(tree, { type: 'string' }, at);
}

function readScalar(tree: Tree, field: Scalar, at: FieldPath): Tree {
  const type = field.type.replace('?', '');
  if (type === 'any') return tree;
  if (type === 'bool') return readBoolean(tree, at);
  const isNumber = tree.kind === 'scalar' && typeof tree.value === 'number';
  if (type.startsWith('int') && (type !== 'intOrString' || isNumber)) return readInteger(tree, field, at);
  return readString(tree, field, at);
}

function readBoolean(tree: Tree, at: FieldPath): Tree {
  const value = scalarValue(tree);
  if (typeof value === 'boolean') return tree;
  if (value !== 'true' && value !== 'false') return fail(tree, 'true or false', at);
  return withoutQuotes(tree, value === 'true', 'true or false', at);
}

function readInteger(tree: Tree, { type, min = 0, max }: Scalar, at: FieldPath): Tree {
  const largest = max ?? (type.startsWith('int32') ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER);
  const given = scalarValue(tree);
  const value = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given;
  const expected = `an integer from ${min} to ${largest}`;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > largest)
    return fail(tree, expected, at);
  return value === given ? tree : withoutQuotes(tree, value, expected, at);
}

function withoutQuotes(tree: Tree, value: boolean | number, expected: string, at: FieldPath): ScalarTree {
  repair(tree, expected, at, `Remove the quotes; it is read here as ${value}.`);
  return { kind: 'scalar', at: tree.at, value, source: String(value) };
}

function readString(tree: Tree, field: Scalar, at: FieldPath): Tree {
  if (tree.kind !== 'scalar' || tree.value === null) return fail(tree, 'a string', at);
  if (typeof tree.value === 'string') return readText(tree, tree.value, field, at);
  const written = printable(tree.source);
  const problem = `must be a string, but YAML reads ${written} as a ${typeof tree.value}`;
  const advice = `Put quotes around it (${at.lead}"${written}"), as it is read here.`;
  at.findings.rejection(tree.at, at.path, `${problem}, so Kubernetes rejects the object. ${advice}`);
  return readText(textTree(tree.source, tree.at), tree.source, field, at);
}

function readText(tree: ScalarTree, text: string, { type, values, format }: Scalar, at: FieldPath): Tree {
  if (values?.includes(text) === false) {
    const expected = alternatives.format(values);
    const near = nearestWord(text, values);
    if (near === undefined) return fail(tree, expected, at);
    repair(tree, expected, at, `Write ${near}, as it is read here.`);
    return textTree(near, tree.at);
  }
  if (/time/i.test(type) && parseTime(text) === undefined)
    return fail(tree, 'a time like 2026-01-31T08:00:00Z', at, ' Correct it, or remove the field.');
  if ((format === 'dns-label' || format === 'dns-subdomain') && text !== '' && !isName(text, format)) {
    const near = nearestName(text, format);
    const characters = `lowercase letters, digits, ${format === 'dns-label' ? 'and "-"' : '"-", and "."'}`;
    const expected = `a name of at most ${maxLength[format]} ${characters} that starts and ends with a letter or digit`;
    return fail(tree, expected, at, ` Use ${isName(near, format) ? near : 'my-service'}, for example.`);
  }
  return tree;
}
