import { ConnectionError } from '../errors.ts';
import type { HttpRequest } from '../transport.ts';

/** What would end a line, or be written in more than one way. Paths have no spaces either. */
const foreignInValue = /[^\t\x20-\x7e]/;
const foreignInPath = /[^\x21-\x7e]/;
const foreignInName = /[^!#$%&'*+\-.^_`|~0-9a-z]/;

/** A request as it goes over the wire, whole: head and body in one piece are one system call and one TLS record. */
export function requestText(
  host: string,
  prefix: string,
  request: HttpRequest,
  credentials: Record<string, string> | undefined,
): string {
  const { method, path, headers, body } = request;
  if (foreignInPath.test(path)) throw unsendable(`a path that is not encoded: ${path}`);
  const fields = fieldLines(headers) + (credentials === undefined ? '' : fieldLines(credentials));
  const head = `${method} ${prefix}${path} HTTP/1.1\r\nhost: ${host}\r\n${fields}`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function fieldLines(headers: Record<string, string>): string {
  let lines = '';
  for (const name in headers) {
    const value = headers[name] ?? '';
    // Not the value: it may be a secret.
    if (foreignInName.test(name) || foreignInValue.test(value)) throw unsendable(`the header ${name}`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

function unsendable(what: string): ConnectionError {
  return new ConnectionError(`cannot be sent: ${what}`, { mayHaveExecuted: false });
}
