// The yardstick's process, in plain JavaScript so that nothing but Node is in its time and memory: lists a path once
// with node:https and reads it to its end. Its arguments are a file with the target, the path, and `stay` if it is to
// stay then, connected, until it is ended.

import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';

const [file, path, then] = process.argv.slice(2);
const { url, ca, token } = JSON.parse(readFileSync(file, 'utf8'));
const agent = new Agent({ keepAlive: true });
get(`${url}${path}`, { agent, ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  response.resume().on('end', () => {
    if (then === 'stay') setInterval(() => {}, 60_000);
    else process.exit(0);
  });
});
