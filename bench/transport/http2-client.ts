import type { Request, Target } from '../cluster/requests.ts';

/** As `import` would have it, but without what an import of node:http2 loads besides. */
const http2 = process.getBuiltinModule('node:http2');

/** All requests on one connection. */
export function connect({ url, ca, token }: Target): (request: Request) => Promise<string> {
  const session = http2.connect(url, { ca });
  const about = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'content-type': 'application/merge-patch+json',
  };
  return ({ method, path, body }) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const stream = session.request({ ':method': method, ':path': path, ...about });
    const chunks: Buffer[] = [];
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (status < 300) resolve(text);
      else reject(new Error(`${path}: ${status} ${text.slice(0, 300)}`));
    });
    stream.end(body);
    return promise;
  };
}
