/**
 * Writes what the table of keys (src/core/config/keys.ts) says into docs/reference.md and into the admission policy. Only the parts
 * between markers are replaced. `test/docs/config-keys.test.ts` fails if one of them is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type KeyForm, keyForms, type ScopeSyntax, scopes, startOf } from '../src/core/config/keys.ts';
import type { Admission } from '../src/core/config/value-type.ts';
import { explainValidKeys } from '../src/core/explain/explain-config.ts';
import { withParts } from './generated-parts.ts';

interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** The files that depend on the table, as they should be. */
export function generatedFiles(root: string): GeneratedFile[] {
  const policy = 'deploy/admission/pools.yaml';
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const text = withParts(read(policy), { variables: policyVariables(), validations: policyValidations() });
  return [
    { path: 'docs/reference.md', text: withParts(read('docs/reference.md'), { keys: referenceTable() }) },
    { path: policy, text },
    { path: 'charts/kube-vip-cloud-provider/admission/pools.yaml', text },
  ];
}

export function writeGeneratedFiles(root: string): void {
  for (const { path, text } of generatedFiles(root)) writeFileSync(join(root, path), text);
}

/** `cidr-<namespace>` */
export function documentedForm(form: KeyForm): string {
  return startOf(form) + scopes[form.scope].placeholder;
}

function referenceTable(): string {
  const rows = keyForms.map((form) => {
    const { name, row, spelling } = form;
    const usual = typeof row.default === 'boolean' ? `"${row.default}"` : row.default;
    const sentence =
      spelling === name
        ? row.sentence
        : `Alternative spelling. \`${documentedForm({ ...form, spelling: name })}\` takes precedence`;
    return [
      `\`${documentedForm(form)}\``,
      row.type.description,
      usual === undefined ? '' : `\`${usual}\``,
      sentence,
    ];
  });
  const head = ['key', 'value', 'default', 'description'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const isList = ({ row }: KeyForm): boolean => row.type.admission === 'entries';

/** What checks a value as a whole, each with the forms of its keys, in the order of the table. */
function wholeValues(): Map<Admission, KeyForm[]> {
  const found = new Map<Admission, KeyForm[]>();
  for (const form of keyForms) {
    const { admission } = form.row.type;
    if (admission !== 'entries') found.set(admission, [...(found.get(admission) ?? []), form]);
  }
  return found;
}

/** CEL: whether the variable holds a key of one of these forms, if it is known at all. */
function hasForm(variable: string, forms: readonly KeyForm[]): string {
  return forms
    .map((form) =>
      form.scope === 'all'
        ? `${variable} == '${startOf(form)}'`
        : `${variable}.startsWith('${startOf(form)}')`,
    )
    .join(' || ');
}

/** A regular expression, short because its length counts in the cost of the policy. */
function knownKeys(): string {
  const inScope = ([scope, { separator, pattern }]: [string, ScopeSyntax]): string => {
    const names = keyForms.filter((form) => form.scope === scope).map(({ spelling }) => spelling);
    return `(${names.join('|')})${separator.replace('.', '[.]')}${pattern}`;
  };
  return `^(${Object.entries(scopes).map(inScope).join('|')})$`;
}

function policyVariables(): string {
  const settings = [...wholeValues()].flatMap(([admission, forms]) => [
    `${hasForm('key', forms)} ?`,
    `  ${admission.isInvalid} :`,
  ]);
  return indented(4, [
    '- name: unknown',
    '  expression: |',
    '    variables.changed.filter(key, !key.matches(',
    `      '${knownKeys()}'))`,
    '- name: settings',
    '  expression: |',
    '    variables.changed.transformList(key, value,',
    ...settings.map((line) => `      ${line}`),
    '      false,',
    '      key)',
    '# Commas and newlines separate entries. White space around a slash does not count.',
    '- name: pools',
    '  expression: |',
    `    variables.changed.transformMap(key, value, ${hasForm('key', keyForms.filter(isList))},`,
    String.raw`      value.findAll('[^,\n]+').map(entry, entry.split('/').map(part, part.trim()).join('/')))`,
  ]);
}

function policyValidations(): string {
  const formsByMessage = new Map<string, KeyForm[]>();
  for (const [admission, forms] of wholeValues())
    formsByMessage.set(admission.message, [...(formsByMessage.get(admission.message) ?? []), ...forms]);
  const validations = [...formsByMessage].map(([message, forms]) =>
    validation(`!(${hasForm('variables.key', forms)})`, `variables.at + ${celString(` ${message}`)}`),
  );
  const unknown = `variables.key + ${celString(`: unknown key. ${explainValidKeys()}`)}`;
  return [validation('!(variables.key in variables.unknown)', unknown), ...validations].join('');
}

function validation(expression: string, message: string): string {
  return indented(4, ['- expression: |', `    ${expression}`, '  messageExpression: |', `    ${message}`]);
}

function celString(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function indented(width: number, lines: readonly string[]): string {
  return lines.map((line) => `${' '.repeat(width)}${line}\n`).join('');
}

if (import.meta.main) writeGeneratedFiles(resolve(import.meta.dirname, '..'));
