/**
 * The yardstick's process: sends the requests of a plan as fast as they are answered, and nothing else. Its arguments
 * are the plan's file and the file for the result.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { type Request, Requests, type Target } from './requests.ts';

export interface RawPlan {
  readonly target: Target;
  readonly sockets: number;
  readonly requests: readonly Request[];
}

export interface RawResult {
  readonly cpuMs: number;
}

const [planFile = '', resultFile = ''] = process.argv.slice(2);
const { target, sockets, requests } = JSON.parse(readFileSync(planFile, 'utf8')) as RawPlan;
const client = new Requests(target, sockets);
const before = process.cpuUsage();
await client.sendAll(requests, sockets);
const { user, system } = process.cpuUsage(before);
const result: RawResult = { cpuMs: (user + system) / 1000 };
writeFileSync(resultFile, JSON.stringify(result));
client.close();
