import type { KubeObject } from '../core/model/objects.ts';
import type { Field, Format, Scalar, Struct } from '../schema/field.ts';
import { asJson } from './body.ts';
import { canonicalAddress, ipAddress } from './ip.ts';
import { isObject, type Json } from './json.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from './naming.ts';
import { duplicate, invalidValue, notSupported, required, type StatusCause } from './status.ts';

const formats: Readonly<Record<Format, (text: string) => string[]>> = {
  'dns-label': dnsLabel,
  'dns-subdomain': dnsSubdomain,
  'qualified-name': qualifiedName,
  ip: ipAddress,
  'canonical-ip': canonicalAddress,
};

/**
 * Validates a decoded object by its schema, and adds the causes from the `rules` of its kind. If a rule rejects a field,
 * the value of that field does not matter, as in kube-apiserver.
 */
export function validate(object: KubeObject, schema: Struct, rules: readonly StatusCause[]): StatusCause[] {
  const rejected = new Set(rules.map(({ field }) => field));
  const causes = validateStruct(asJson(object), schema, '').filter(
    ({ field, reason }) => reason === 'FieldValueRequired' || !rejected.has(field?.replace(/\[\d+\]$/, '')),
  );
  return [...causes, ...rules];
}

function validateStruct(json: Json | undefined, { fields }: Struct, path: string): StatusCause[] {
  const values = isObject(json) ? json : {};
  return Object.entries(fields).flatMap(([name, field]) =>
    validateField(values[name], field, path === '' ? name : `${path}.${name}`),
  );
}

function validateField(json: Json | undefined, field: Field, path: string): StatusCause[] {
  if (typeof field === 'string') return [];
  if ('type' in field) return validateScalar(json, field, path);
  if (json === undefined) return 'struct' in field && field.required === true ? [required(path)] : [];
  if ('struct' in field) return validateStruct(json, field, path);
  if ('map' in field || !Array.isArray(json)) return [];
  return json.flatMap((item, index) => [
    ...validateField(item, field.list, `${path}[${index}]`),
    ...(field.unique === true && json.indexOf(item) < index ? [duplicate(`${path}[${index}]`, item)] : []),
  ]);
}

function validateScalar(json: Json | undefined, field: Scalar, path: string): StatusCause[] {
  if (field.required !== undefined && json === '')
    return [required(path, field.required === true ? '' : field.required)];
  if (typeof json === 'number')
    return isInRange(json, field) ? [] : [invalidValue(path, json, rangeOf(field))];
  if (typeof json !== 'string') return [];
  if (field.values?.includes(json) === false) return [notSupported(path, json, [...field.values].sort())];
  if (field.format === undefined) return [];
  return formats[field.format](json).map((why) => invalidValue(path, json, why));
}

function isInRange(value: number, { min = -Infinity, max = Infinity }: Scalar): boolean {
  return value >= min && value <= max;
}

function rangeOf({ min = 0, max }: Scalar): string {
  if (max !== undefined) return `must be between ${min} and ${max}, inclusive`;
  return min === 0 ? 'must be greater than or equal to 0' : `must be greater than ${min - 1}`;
}
