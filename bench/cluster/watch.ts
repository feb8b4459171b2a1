import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { Service } from '../../src/core/model/objects.ts';
import type { Target } from './requests.ts';

/**
 * A watch of Services over plain node:https, from the given version on. Where the server ends it, as it does with a
 * watcher that cannot keep up, it goes on from the last version. Returns what closes it.
 */
export function watchServices(
  { ca, token, url }: Target,
  path: string,
  resourceVersion: string,
  seen: (type: string, service: Service) => void,
  /** Also told when it was we who closed it. */
  lost: (error: unknown) => void,
): () => void {
  let version = resourceVersion;
  let isClosed = false;
  let asked: ClientRequest;
  const read = (line: string): void => {
    const { type, object } = JSON.parse(line) as { type: string; object: Service };
    if (type === 'ERROR') lost(new Error(`the observer's watch: ${line}`));
    else {
      version = object.metadata.resourceVersion ?? version;
      seen(type, object);
    }
  };
  const open = (): void => {
    const headers = { authorization: `Bearer ${token}` };
    const at = `${url}${path}?watch=true&resourceVersion=${version}`;
    asked = request(at, { headers, ca, agent: false }, (response) => {
      if (response.statusCode !== 200) lost(new Error(`the observer's watch: ${response.statusCode}`));
      else createInterface({ input: response }).on('line', read).on('error', lost).on('close', again);
    });
    asked.on('error', lost);
    asked.end();
  };
  const again = (): void => {
    if (!isClosed) open();
  };
  open();
  return () => {
    isClosed = true;
    asked.destroy();
  };
}
