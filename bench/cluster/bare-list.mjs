// A plain Node process to compare the controller's memory with. Lists a path once with node:https, then stays connected.
// Its arguments are a file with the target, and the path.

import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';

const [file, path] = process.argv.slice(2);
const { url, ca, token } = JSON.parse(readFileSync(file, 'utf8'));
const agent = new Agent({ keepAlive: true });
get(`${url}${path}`, { agent, ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  response.resume().on('end', () => setInterval(() => {}, 60_000));
});
