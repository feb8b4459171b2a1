/**
 * A server with the name of the first argument as its only object: it lists it, and its watches stay quiet. It runs in a
 * network namespace.
 */
import { createServer } from 'node:http';

const [name = '', port = ''] = process.argv.slice(2);
const server = createServer((request, response) => {
  const isWatch = request.url?.includes('watch=true') === true;
  const list = { metadata: { resourceVersion: '1' }, items: [{ metadata: { name } }] };
  response.writeHead(200, { 'content-type': 'application/json' });
  if (isWatch) response.flushHeaders();
  else response.end(JSON.stringify(request.url?.startsWith('/version') === true ? {} : list));
});
server.listen(Number(port), () => process.stdout.write('listening\n'));
