/** Errors in kube-apiserver's words: apimachinery's pkg/api/errors/errors.go and pkg/util/validation/field. */

export interface StatusCause {
  reason: string;
  message: string;
  field?: string;
}

/** A meta/v1 Status with the fields that this API sets. */
export interface StatusObject {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Failure' | 'Success';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** Names of a resource in messages: Kubernetes uses the plural in some and the kind in others. */
export interface ResourceName {
  kind: string;
  plural: string;
  group: string;
}

export class StatusError extends Error {
  readonly status: StatusObject;

  constructor(code: number, reason: string | undefined, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

function qualified(name: string, group: string): string {
  return group === '' ? name : `${name}.${group}`;
}

function about(name: string, kind: string, group: string): StatusDetails {
  return { name, ...(group === '' ? {} : { group }), kind };
}

export function notFound({ plural, group }: ResourceName, name: string): StatusError {
  const message = `${qualified(plural, group)} "${name}" not found`;
  return new StatusError(404, 'NotFound', message, about(name, plural, group));
}

export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists({ plural, group }: ResourceName, name: string): StatusError {
  const message = `${qualified(plural, group)} "${name}" already exists`;
  return new StatusError(409, 'AlreadyExists', message, about(name, plural, group));
}

export const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

export function conflict({ plural, group }: ResourceName, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(plural, group)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, about(name, plural, group));
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

/** For features that only a real API server has: an error is better than a wrong result. */
export function notOffered(what: string): StatusError {
  return new StatusError(501, undefined, `the embedded API does not offer ${what}`);
}

export function invalid(
  kind: string,
  group: string,
  name: string,
  causes: readonly StatusCause[],
): StatusError {
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const details = { ...about(name, kind, group), causes: [...causes] };
  if (name === '') delete (details as { name?: string }).name;
  return new StatusError(422, 'Invalid', `${qualified(kind, group)} "${name}" is invalid: ${list}`, details);
}

export function invalidValue(field: string, value: unknown, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? null)}: ${why}`;
  return { reason: 'FieldValueInvalid', message, field };
}

export function required(field: string, why = ''): StatusCause {
  const message = why === '' ? 'Required value' : `Required value: ${why}`;
  return { reason: 'FieldValueRequired', message, field };
}

export function forbidden(field: string, why: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field };
}

export function duplicate(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): StatusCause {
  const list = supported.map((one) => JSON.stringify(one)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: 'FieldValueNotSupported', message, field };
}
