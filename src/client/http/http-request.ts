import type { RequestHeaders } from '../cluster-connection.ts';
import { ConnectionError } from '../errors.ts';
import type { HttpRequest } from '../transport.ts';

/** Characters that would end a line or have more than one encoding. Paths contain no spaces either. */
const invalidInValue = /[^\t\x20-\x7e]/;
const invalidInPath = /[^\x21-\x7e]/;
const invalidInName = /[^!#$%&'*+\-.^_`|~0-9a-z]/;

/** Serializes a request. Head and body are one string, so they need one system call and one TLS record. */
export function requestText(
  host: string,
  prefix: string,
  request: HttpRequest,
  credentials: RequestHeaders | undefined,
): string {
  const { method, path, headers, body } = request;
  if (invalidInPath.test(path)) throw invalidRequest(`the path is not encoded: ${path}`);
  const fields = fieldLines(headers) + (credentials === undefined ? '' : fieldLines(credentials));
  const head = `${method} ${prefix}${path} HTTP/1.1\r\nhost: ${host}\r\n${fields}`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function fieldLines(headers: RequestHeaders): string {
  let lines = '';
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (typeof value === 'string') lines += fieldLine(name, value);
    else for (const each of value) lines += fieldLine(name, each);
  }
  return lines;
}

function fieldLine(name: string, value: string): string {
  // The value is omitted because it may be a secret.
  if (invalidInName.test(name) || invalidInValue.test(value)) throw invalidRequest(`the header ${name}`);
  return `${name}: ${value}\r\n`;
}

function invalidRequest(what: string): ConnectionError {
  return new ConnectionError(`cannot send the request: ${what}`, { mayHaveExecuted: false });
}
