import type { ObjectMeta } from '../core/model/objects.ts';
import { labelPattern, maxLength, subdomainPattern } from '../schema/names.ts';
import { forbidden, invalidValue, type StatusCause } from './status.ts';

/** Rules for names, labels and annotations: apimachinery's pkg/util/validation and pkg/api/validation/objectmeta.go. */

const nameCharacters =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function fullMatch(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}

function tooLong(text: string, limit: number): string[] {
  return text.length > limit ? [`must be no more than ${limit} characters`] : [];
}

/** Since Kubernetes 1.36, the name of a Service may start with a digit (KEP-5311). */
export function dnsLabel(text: string): string[] {
  if (fullMatch(labelPattern, text)) return tooLong(text, maxLength['dns-label']);
  return [
    ...tooLong(text, maxLength['dns-label']),
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
      `with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${labelPattern}')`,
  ];
}

export function dnsSubdomain(text: string): string[] {
  if (fullMatch(subdomainPattern, text)) return tooLong(text, maxLength['dns-subdomain']);
  return [
    ...tooLong(text, maxLength['dns-subdomain']),
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
      `and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomainPattern}')`,
  ];
}

/** A segment of a URL's path: apimachinery's pkg/api/validate/content/path.go. */
export function pathSegment(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((one) => text.includes(one)).map((one) => `may not contain '${one}'`);
}

/** A key of labels and annotations, and a load balancer class: `name` or `domain/name`. */
export function qualifiedName(text: string): string[] {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const problems: string[] = [];
  if (parts.length > 2) {
    return [
      `a qualified name ${nameCharacters} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is ` +
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dnsSubdomain(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  problems.push(...tooLong(name, 63).map((problem) => `name part ${problem}`));
  if (!fullMatch('([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]', name)) {
    problems.push(
      `name part ${nameCharacters} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is ` +
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    );
  }
  return problems;
}

function labelValue(text: string): string[] {
  if (fullMatch('(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?', text)) return tooLong(text, 63);
  return [
    ...tooLong(text, 63),
    `a valid label must be an empty string or ${nameCharacters.replace('must consist', 'consist')} (e.g. 'MyValue',  ` +
      "or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ];
}

/** The maps and lists of the metadata; the schema covers its other fields. */
export function checkMetadata(metadata: ObjectMeta): StatusCause[] {
  const causes = checkLabels(metadata.labels ?? {}, 'metadata.labels');
  for (const key of Object.keys(metadata.annotations ?? {})) {
    for (const why of qualifiedName(key.toLowerCase()))
      causes.push(invalidValue('metadata.annotations', key, why));
  }
  for (const finalizer of metadata.finalizers ?? []) {
    for (const why of qualifiedName(finalizer))
      causes.push(invalidValue('metadata.finalizers', finalizer, why));
  }
  return causes;
}

export function checkLabels(labels: Record<string, string>, field: string): StatusCause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((why) => invalidValue(field, key, why)),
    ...labelValue(value).map((why) => invalidValue(field, value, why)),
  ]);
}

/** ValidateObjectMetaAccessorUpdate: what an update may not change. */
export function checkMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta): StatusCause[] {
  const causes: StatusCause[] = [];
  if (old.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter((one) => !old.finalizers?.includes(one));
    const found = added.map((one) => JSON.stringify(one)).join(', ');
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${found}}`;
    if (added.length > 0) causes.push(forbidden('metadata.finalizers', why));
  }
  for (const key of ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (metadata[key] === old[key]) continue;
    causes.push(invalidValue(`metadata.${key}`, metadata[key], 'field is immutable'));
  }
  return causes;
}
