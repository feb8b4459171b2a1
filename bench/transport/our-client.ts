import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import type { Request, Target } from '../cluster/requests.ts';

const never = new AbortController().signal;

export function connect(target: Target, sockets: number): (request: Request) => Promise<string> {
  const headers = async () => ({ authorization: `Bearer ${target.token}` });
  const transport = createNodeTransport({ server: target.url, ca: target.ca, headers, sockets });
  const about = { accept: 'application/json', 'content-type': 'application/merge-patch+json' };
  return async (request) => {
    const { status, body } = await transport({ ...request, headers: about }, never);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    if (status >= 300) throw new Error(`${request.path}: ${status} ${text.slice(0, 300)}`);
    return text;
  };
}
